//! A conversation as its visitor reads it: the fold of its events into messages, the same that the admin's thread shows.

use std::collections::HashMap;

use chat_schema::{
    ConversationId, Envelope, Event, History, HistoryMessage, Message, MessageId, MessageStatus, Role, RunningMessage,
};

use crate::progress::Refusal;
use crate::services::Services;
use crate::turn;

/// Most messages of a history; the newest are kept.
const MAX_MESSAGES: usize = 200;

/// Reads the conversation from the log.
pub(crate) async fn read(services: &Services, id: ConversationId) -> Result<History, Refusal> {
    let recorded = services.log.read(id, 0).await.map_err(|error| turn::refusal(id, &error))?;
    Ok(history(id, recorded.into_iter().map(|recorded| recorded.event.envelope)))
}

/// All messages that `events` of a conversation have led to, oldest first.
pub fn messages(events: impl Iterator<Item = Envelope>) -> Vec<Message> {
    let Turns { turns, .. } = events.fold(Turns::default(), Turns::evolve);
    turns.into_iter().flat_map(Turn::messages).map(|said| said.message).collect()
}

/// The history that `events` have led to.
fn history(conversation_id: ConversationId, events: impl Iterator<Item = Envelope>) -> History {
    let Turns { turns, .. } = events.fold(Turns::default(), Turns::evolve);
    let running = turns.iter().rev().find(|turn| turn.is_open);
    let running = running.map(|turn| RunningMessage { message_id: turn.message_id.clone() });
    let mut messages: Vec<_> = turns.into_iter().flat_map(Turn::messages).collect();
    messages.drain(..messages.len().saturating_sub(MAX_MESSAGES));
    History { conversation_id, messages, running }
}

#[derive(Default)]
struct Turns {
    turns: Vec<Turn>,
    by_message: HashMap<MessageId, usize>,
}

/// A visitor's message and the answer to it.
struct Turn {
    message_id: MessageId,
    question: Message,
    answer: Option<Message>,
    is_open: bool,
}

impl Turn {
    fn messages(self) -> impl Iterator<Item = HistoryMessage> {
        let Self { message_id, question, answer, .. } = self;
        let named = move |message| HistoryMessage { message, message_id: message_id.clone() };
        std::iter::once(question).chain(answer).map(named)
    }

    fn end(&mut self, status: MessageStatus, answer: Option<Message>) {
        self.is_open = false;
        self.question.status = status;
        self.answer = answer;
    }
}

impl Turns {
    /// Total, as the conversation's own fold: an event about an unknown message changes nothing.
    fn evolve(mut self, Envelope { id, conversation_id, recorded_at, event, .. }: Envelope) -> Self {
        let said = |role, content, status| Message {
            id,
            creation_time: recorded_at,
            conversation_id,
            role,
            content,
            created_at: recorded_at,
            status,
            rating: None,
        };
        match event {
            Event::UserMessaged { message_id, content, .. } => {
                self.by_message.insert(message_id.clone(), self.turns.len());
                let question = said(Role::User, content, MessageStatus::Complete);
                self.turns.push(Turn { message_id, question, answer: None, is_open: true });
            }
            // The last attempt that ended is still the one that failed.
            Event::ReplyStarted { in_reply_to, .. } => self.of(&in_reply_to, |turn| turn.is_open = true),
            Event::AssistantReplied { in_reply_to, content, .. } => {
                let answer = said(Role::Assistant, content, MessageStatus::Complete);
                self.of(&in_reply_to, |turn| turn.end(MessageStatus::Complete, Some(answer)));
            }
            Event::ReplyStopped { in_reply_to, content } => {
                // Stopped before its first word, it leaves no message.
                let is_empty = content.is_empty();
                let answer = Some(said(Role::Assistant, content, MessageStatus::Stopped)).filter(|_| !is_empty);
                self.of(&in_reply_to, |turn| turn.end(MessageStatus::Complete, answer));
            }
            Event::ReplyFailed { in_reply_to, .. } => {
                self.of(&in_reply_to, |turn| turn.end(MessageStatus::Failed, None));
            }
            Event::MessageRated { message_id, rating } => self.of(&message_id, |turn| {
                if let Some(answer) = &mut turn.answer {
                    answer.rating = rating;
                }
            }),
            Event::ConversationErased { .. } => return Self::default(),
            Event::OperatorActed { .. } => {}
        }
        self
    }

    fn of(&mut self, id: &MessageId, change: impl FnOnce(&mut Turn)) {
        if let Some(&index) = self.by_message.get(id) {
            change(&mut self.turns[index]);
        }
    }
}

#[cfg(test)]
mod tests {
    use chat_schema::{EventId, FailureReason, FinishReason, Hash, OwnerId, Rating, SealedEvent, Timings};
    use uuid::Uuid;

    use super::*;

    fn id(name: &str) -> MessageId {
        name.parse().unwrap()
    }

    fn conversation() -> ConversationId {
        ConversationId::of(&"s".parse().unwrap())
    }

    fn asked(name: &str, content: &str) -> Event {
        let owner = OwnerId::from(Uuid::nil());
        Event::UserMessaged { message_id: id(name), session_id: "s".parse().unwrap(), content: content.into(), owner }
    }

    fn replied(name: &str, content: &str) -> Event {
        Event::AssistantReplied {
            in_reply_to: id(name),
            content: content.into(),
            model: "m".into(),
            finish_reason: FinishReason::Stop,
            usage: None,
            timings: Timings { first_token_ms: 1, total_ms: 2 },
        }
    }

    fn stopped(name: &str, content: &str) -> Event {
        Event::ReplyStopped { in_reply_to: id(name), content: content.into() }
    }

    fn failed(name: &str) -> Event {
        Event::ReplyFailed { in_reply_to: id(name), reason: FailureReason::Unavailable }
    }

    fn attempt(name: &str) -> Event {
        Event::ReplyStarted { in_reply_to: id(name), attempt: 2, owner: Uuid::nil().into() }
    }

    /// Event number n has the id n and is recorded at 100 × n.
    fn given(events: Vec<Event>) -> History {
        let mut head = chat_schema::Head::EMPTY;
        let envelopes = events.into_iter().map(|event| {
            let number = head.version + 1;
            let id = EventId::from(Uuid::from_u128(number.into()));
            let sealed = SealedEvent::seal(head, conversation(), id, number * 100, event);
            head = sealed.head();
            sealed.envelope
        });
        history(conversation(), envelopes)
    }

    /// `messageId role: content (status) rating`, where they are not the usual ones.
    fn lines(history: &History) -> Vec<String> {
        let line = |HistoryMessage { message, message_id }: &HistoryMessage| {
            let role = if message.role == Role::User { "user" } else { "assistant" };
            let status = match message.status {
                MessageStatus::Complete => "",
                MessageStatus::Stopped => " (stopped)",
                MessageStatus::Failed => " (failed)",
            };
            let rating = message.rating.map(|rating| format!(" {rating:?}")).unwrap_or_default();
            format!("{message_id} {role}: {}{status}{rating}", message.content)
        };
        history.messages.iter().map(line).collect()
    }

    #[test]
    fn nothing_was_said_before_the_first_message() {
        let expected = History { conversation_id: conversation(), messages: vec![], running: None };
        assert_eq!(given(vec![]), expected);
    }

    #[test]
    fn a_message_carries_the_id_and_the_time_of_its_event_and_the_name_of_its_turn() {
        let history = given(vec![asked("a", "hi"), failed("a"), attempt("a"), replied("a", "hello")]);
        let message = |number: u128, role, content: &str| HistoryMessage {
            message: Message {
                id: Uuid::from_u128(number).into(),
                creation_time: number as u64 * 100,
                conversation_id: conversation(),
                role,
                content: content.into(),
                created_at: number as u64 * 100,
                status: MessageStatus::Complete,
                rating: None,
            },
            message_id: id("a"),
        };
        assert_eq!(history.messages, [message(1, Role::User, "hi"), message(4, Role::Assistant, "hello")]);
    }

    #[test]
    fn an_answer_stands_under_its_question_however_late_it_came() {
        let history = given(vec![
            asked("a", "1"),
            failed("a"),
            asked("b", "2"),
            stopped("b", "tw"),
            asked("c", "3"),
            stopped("c", ""),
            attempt("a"),
            replied("a", "one"),
        ]);
        let expected = ["a user: 1", "a assistant: one", "b user: 2", "b assistant: tw (stopped)", "c user: 3"];
        assert_eq!(lines(&history), expected);
    }

    #[test]
    fn the_open_turn_is_the_running_one_and_shows_no_answer() {
        let running = |name| Some(RunningMessage { message_id: id(name) });
        let history = given(vec![asked("a", "1"), replied("a", "one"), asked("b", "2")]);
        assert_eq!(
            (lines(&history), history.running),
            (vec!["a user: 1".into(), "a assistant: one".into(), "b user: 2".into()], running("b"))
        );
        let history = given(vec![asked("a", "1"), failed("a"), attempt("a")]);
        assert_eq!((lines(&history), history.running), (vec!["a user: 1 (failed)".into()], running("a")));
        for end in [replied("a", "one"), stopped("a", ""), failed("a")] {
            assert_eq!(given(vec![asked("a", "1"), end]).running, None);
        }
    }

    #[test]
    fn an_answer_has_its_last_rating() {
        let rated = |name, rating| Event::MessageRated { message_id: id(name), rating };
        let mut events = vec![asked("a", "1"), rated("a", Some(Rating::Up)), replied("a", "one")];
        assert_eq!(lines(&given(events.clone())), ["a user: 1", "a assistant: one"], "there was nothing to rate yet");
        events.extend([rated("a", Some(Rating::Up)), rated("x", Some(Rating::Up)), rated("a", Some(Rating::Down))]);
        assert_eq!(lines(&given(events.clone())), ["a user: 1", "a assistant: one Down"]);
        events.push(rated("a", None));
        assert_eq!(lines(&given(events)), ["a user: 1", "a assistant: one"]);
    }

    #[test]
    fn the_newest_two_hundred_messages_are_kept() {
        let turns = |count| (0..count).flat_map(|n| [asked(&format!("m{n}"), "q"), replied(&format!("m{n}"), "r")]);
        assert_eq!(given(turns(100).collect()).messages.len(), 200);
        let long = given(turns(150).chain([asked("last", "q")]).collect());
        assert_eq!(long.messages.len(), 200);
        assert_eq!(long.messages[0].message_id, id("m50"));
        assert_eq!(long.messages[0].message.role, Role::Assistant);
        assert_eq!(long.messages[199].message_id, id("last"));
    }

    #[test]
    fn an_erased_conversation_has_no_history() {
        let erased = Event::ConversationErased { erased_events: 2, head: Hash::ZERO };
        let history = given(vec![asked("a", "1"), replied("a", "one"), erased.clone()]);
        assert_eq!((lines(&history), history.running), (vec![], None));
        assert_eq!(lines(&given(vec![asked("a", "1"), erased, asked("a", "again")])), ["a user: again"]);
    }
}
