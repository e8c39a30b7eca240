//! How the messages of an export become the events of a conversation. Plain functions; no clock, no I/O.
//!
//! Upstream stored a question and its answer apart: a question may have no answer, an answer no question, and two turns of one session
//! may lie in each other. Every text is kept, at its own time. Each message of the visitor begins a turn; where its answer does not come
//! next, the turn has failed, and an answer that comes later belongs to another attempt. See
//! `docs/decisions/0011-what-an-import-makes-of-an-export.md`.

use std::collections::HashSet;

use chat_eventlog::Recorded;
use chat_schema::{
    ConversationId, Event, EventId, FailureReason, FinishReason, Head, MessageId, OwnerId, SealedEvent, SessionId,
    Timings,
};
use uuid::Uuid;

use super::documents::Message;

/// Stands where an answer has no question.
pub(super) const NO_QUESTION: &str = "[The export holds no question for this answer.]";
/// What is known about the model.
const MODEL: &str = "imported";
/// Of the ids of imported events (UUIDv5), so that the same document always is the same event. Changing it would import everything twice.
const NAMESPACE: Uuid = Uuid::from_u128(0x0c9a_5f7e_63d1_5b0e_8a44_1f2f_9d7c_3b68);

/// What a conversation is here, as far as an import has to know it.
pub(super) struct Story {
    session: SessionId,
    head: Head,
    /// Ids of its events.
    events: HashSet<EventId>,
    /// Whether something happened in it that was not imported.
    gone_on: bool,
    erased: bool,
    /// Questions since the last answer, with the number of attempts: their turns have failed.
    unanswered: Vec<(MessageId, u32)>,
    told: Told,
}

/// What is to be appended, and what it is made of.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) events: Vec<SealedEvent>,
    pub(super) messages: u64,
    /// Questions without an answer.
    pub(super) unanswered: u64,
    /// Answers without a question.
    pub(super) unasked: u64,
}

/// What an export means for a conversation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Import {
    /// Everything is there already.
    Known,
    /// This is new.
    New(Told),
    /// So many messages are new, and something else happened here since: it is left as it is.
    GoneOn(u64),
    /// It was erased here, and stays so.
    Erased,
}

impl Story {
    /// The conversation of a session, of which the log holds `events`.
    pub(super) fn of(session: SessionId, events: &[Recorded]) -> Self {
        let mut story = Self {
            session,
            head: Head::EMPTY,
            events: HashSet::new(),
            gone_on: false,
            erased: false,
            unanswered: Vec::new(),
            told: Told::default(),
        };
        for Recorded { event, .. } in events {
            story.recall(event);
        }
        story
    }

    /// What `messages`, in the order of their times, add to it.
    pub(super) fn tell(mut self, messages: &[Message]) -> Import {
        let new: Vec<_> = messages.iter().filter(|message| !self.events.contains(&event_id(&message.id, ""))).collect();
        if new.is_empty() {
            return Import::Known;
        }
        if self.erased {
            return Import::Erased;
        }
        if self.gone_on {
            return Import::GoneOn(new.len() as u64);
        }
        self.told.messages = new.len() as u64;
        let mut rest = &new[..];
        while !rest.is_empty() {
            let questions = rest.iter().take_while(|message| !message.by_assistant).count();
            let answers = rest[questions..].iter().take_while(|message| message.by_assistant).count();
            let (asked, later) = rest.split_at(questions);
            let (answered, later) = later.split_at(answers);
            self.exchange(asked, answered);
            rest = later;
        }
        self.told.unanswered = unanswered(&self.told.events);
        Import::New(self.told)
    }

    /// Questions, and the answers up to the next question: these belong to the last so many questions, in order.
    fn exchange(&mut self, questions: &[&Message], answers: &[&Message]) {
        for (place, question) in (1..).zip(questions) {
            let id = self.ask(question, &question.id, &question.content);
            let is_answered_next = place == questions.len() && (answers.len() == 1 || self.unanswered.is_empty());
            self.unanswered.push((id, 1));
            if !is_answered_next || answers.is_empty() {
                self.fail(question);
            }
        }
        let paired = answers.len().min(self.unanswered.len());
        let answered = self.unanswered.split_off(self.unanswered.len() - paired);
        for ((question, attempts), answer) in answered.into_iter().zip(answers) {
            self.answer(question, attempts, answer);
        }
        for answer in &answers[paired..] {
            let name = format!("{}:question", answer.id);
            let question = self.ask(answer, &name, NO_QUESTION);
            self.answer(question, 1, answer);
            self.told.unasked += 1;
        }
        if !answers.is_empty() {
            self.unanswered.clear();
        }
    }

    fn ask(&mut self, message: &Message, name: &str, content: &str) -> MessageId {
        let message_id = message_id(name);
        let (session_id, content) = (self.session.clone(), content.to_owned());
        let event = Event::UserMessaged { message_id: message_id.clone(), session_id, content, owner: nobody() };
        // The document's own event, whether it is the question or what stands in its place.
        self.happens(event_id(name, ""), message.at, event);
        message_id
    }

    /// The newest question has no answer yet.
    fn fail(&mut self, question: &Message) {
        let event = Event::ReplyFailed { in_reply_to: message_id(&question.id), reason: FailureReason::Abandoned };
        self.happens(event_id(&question.id, "failed"), question.at, event);
    }

    fn answer(&mut self, in_reply_to: MessageId, attempts: u32, answer: &Message) {
        let is_open = matches!(self.told.events.last().map(|last| &last.envelope.event),
            Some(Event::UserMessaged { message_id, .. }) if *message_id == in_reply_to);
        if !is_open {
            let event =
                Event::ReplyStarted { in_reply_to: in_reply_to.clone(), attempt: attempts + 1, owner: nobody() };
            self.happens(event_id(&answer.id, "started"), answer.at, event);
        }
        // Upstream kept when an answer was whole, and nothing of what was before.
        let taken = answer.at.saturating_sub(self.head.recorded_at);
        let event = Event::AssistantReplied {
            in_reply_to,
            content: answer.content.clone(),
            model: MODEL.to_owned(),
            finish_reason: FinishReason::Stop,
            usage: None,
            timings: Timings { first_token_ms: taken, total_ms: taken },
        };
        self.happens(event_id(&answer.id, ""), answer.at, event);
    }

    fn happens(&mut self, id: EventId, at: u64, event: Event) {
        let sealed = SealedEvent::seal(self.head, ConversationId::of(&self.session), id, at, event);
        self.head = sealed.head();
        self.told.events.push(sealed);
    }

    /// An event that is stored.
    fn recall(&mut self, event: &SealedEvent) {
        let envelope = &event.envelope;
        self.head = event.head();
        self.events.insert(envelope.id);
        self.gone_on |= !is_imported(envelope.id);
        match &envelope.event {
            Event::UserMessaged { message_id, .. } => self.unanswered.push((message_id.clone(), 1)),
            Event::AssistantReplied { .. } => self.unanswered.clear(),
            Event::ConversationErased { .. } => self.erased = true,
            _ => {}
        }
    }
}

/// No process generates what was imported.
fn nobody() -> OwnerId {
    Uuid::nil().into()
}

/// Questions among these events that have no answer among them.
fn unanswered(events: &[SealedEvent]) -> u64 {
    let (mut asked, mut answered) = (0, 0);
    let mut open = HashSet::new();
    for event in events {
        match &event.envelope.event {
            Event::UserMessaged { message_id, .. } => {
                asked += 1;
                open.insert(message_id);
            }
            Event::AssistantReplied { in_reply_to, .. } => answered += u64::from(open.remove(in_reply_to)),
            _ => {}
        }
    }
    asked - answered
}

/// The event of a document, or one that comes with it.
fn event_id(document: &str, part: &str) -> EventId {
    Uuid::new_v5(&NAMESPACE, format!("convex:{document}:{part}").as_bytes()).into()
}

/// Events that happen here have UUIDs of version 7.
fn is_imported(id: EventId) -> bool {
    id.as_uuid().get_version_num() == 5
}

/// Convex's ids are of the alphabet of ours.
fn message_id(name: &str) -> MessageId {
    name.parse().unwrap_or_else(|_| {
        let name = Uuid::new_v5(&NAMESPACE, name.as_bytes()).to_string();
        name.parse().expect("a UUID has letters, digits and hyphens only")
    })
}

#[cfg(test)]
mod tests;
