//! One made-up conversation: questions and answers, now and then a failure, a stop or a rating.

use uuid::Uuid;

use super::Samples;
use super::chance::Chance;
use crate::envelope::{Head, SealedEvent};
use crate::event::{Event, FailureReason, FinishReason, Rating, Timings, Usage};
use crate::ids::{ConversationId, MessageId, SessionId};

const REASONS: [FailureReason; 3] = [FailureReason::Unavailable, FailureReason::TimedOut, FailureReason::Abandoned];

/// A conversation while it is told.
pub(super) struct Story<'a> {
    samples: &'a Samples,
    chance: Chance,
    session: SessionId,
    number: u64,
    now: u64,
    head: Head,
    events: Vec<SealedEvent>,
}

impl<'a> Story<'a> {
    pub(super) fn of(samples: &'a Samples, number: u64) -> Self {
        let mut chance = Chance::of(samples.seed, number);
        let session = token(&chance.random_id().to_string());
        let now = samples.beginning(number) + chance.below(samples.distance().max(1));
        Self { samples, chance, session, number, now, head: Head::EMPTY, events: Vec::new() }
    }

    /// One to four questions, most of them answered.
    pub(super) fn tell(mut self) -> Vec<SealedEvent> {
        for turn in 1..=self.chance.between(1, 4) {
            self.turn(turn);
            self.now += self.chance.between(10_000, 300_000);
        }
        self.events
    }

    fn turn(&mut self, turn: u64) {
        let message_id: MessageId = token(&self.chance.random_id().to_string());
        let words = self.chance.between(3, 16);
        let mut content = self.samples.vocabulary.text(&mut self.chance, words);
        if turn == 1 {
            // A word that only this conversation has.
            content.push_str(&format!(" order {}", Samples::order_number(self.number)));
        }
        let (session_id, owner) = (self.session.clone(), Uuid::nil().into());
        self.happens(Event::UserMessaged { message_id: message_id.clone(), session_id, content, owner });
        let mut attempt = 1;
        while attempt < 3 && self.chance.happens(4) {
            self.now += self.chance.between(500, 30_000);
            let reason = REASONS[self.chance.below(REASONS.len() as u64) as usize];
            self.happens(Event::ReplyFailed { in_reply_to: message_id.clone(), reason });
            if self.chance.happens(30) {
                return;
            }
            attempt += 1;
            self.now += self.chance.between(1_000, 20_000);
            self.happens(Event::ReplyStarted { in_reply_to: message_id.clone(), attempt, owner });
        }
        self.answer(message_id);
    }

    fn answer(&mut self, message_id: MessageId) {
        let words = self.chance.between(8, 40);
        let content = self.samples.vocabulary.text(&mut self.chance, words);
        let first_token_ms = self.chance.between(150, 1_500);
        let total_ms = first_token_ms + words * self.chance.between(15, 60);
        self.now += total_ms;
        let in_reply_to = message_id.clone();
        if self.chance.happens(2) {
            self.happens(Event::ReplyStopped { in_reply_to, content });
            return;
        }
        let usage = Some(Usage { prompt_tokens: self.chance.between(50, 900), completion_tokens: words * 4 / 3 });
        let (model, finish_reason) = ("sample".to_owned(), FinishReason::Stop);
        let timings = Timings { first_token_ms, total_ms };
        self.happens(Event::AssistantReplied { in_reply_to, content, model, finish_reason, usage, timings });
        if self.chance.happens(10) {
            self.now += self.chance.between(2_000, 9_000);
            let rating = Some(if self.chance.happens(75) { Rating::Up } else { Rating::Down });
            self.happens(Event::MessageRated { message_id, rating });
        }
    }

    fn happens(&mut self, event: Event) {
        let id = self.chance.timed_id(self.now).into();
        let sealed = SealedEvent::seal(self.head, ConversationId::of(&self.session), id, self.now, event);
        self.head = sealed.head();
        self.events.push(sealed);
    }
}

fn token<T: std::str::FromStr<Err: std::fmt::Debug>>(uuid: &str) -> T {
    uuid.parse().expect("a UUID has letters, digits and hyphens only")
}
