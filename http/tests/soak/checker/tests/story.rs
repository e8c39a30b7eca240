//! Histories and sights to check, written as stories.

use std::time::Duration;

use chat_eventlog::{Position, Recorded};
use chat_schema::{
    ConversationId, Event, FailureReason, FinishReason, Head, MessageId, SealedEvent, SessionId, Timings,
};
use uuid::Uuid;

use crate::seen::{End, Seen};

/// A log that is written event by event, of one session unless said otherwise.
#[derive(Default)]
pub(super) struct Story {
    events: Vec<Event>,
}

pub(super) fn session() -> SessionId {
    "session".parse().unwrap()
}

pub(super) fn id(message: &str) -> MessageId {
    message.parse().unwrap()
}

pub(super) fn conversation() -> ConversationId {
    ConversationId::of(&session())
}

impl Story {
    pub(super) fn user(self, message: &str) -> Self {
        self.user_of(session(), message)
    }

    pub(super) fn user_of(mut self, session_id: SessionId, message: &str) -> Self {
        let content = format!("text of {message}");
        self.events.push(Event::UserMessaged {
            message_id: id(message),
            session_id,
            content,
            owner: Uuid::nil().into(),
        });
        self
    }

    pub(super) fn again(mut self, message: &str, attempt: u32) -> Self {
        self.events.push(Event::ReplyStarted { in_reply_to: id(message), attempt, owner: Uuid::nil().into() });
        self
    }

    pub(super) fn answer(mut self, message: &str, content: &str) -> Self {
        self.events.push(Event::AssistantReplied {
            in_reply_to: id(message),
            content: content.into(),
            model: "m".into(),
            finish_reason: FinishReason::Stop,
            usage: None,
            timings: Timings { first_token_ms: 1, total_ms: 2 },
        });
        self
    }

    pub(super) fn fail(mut self, message: &str) -> Self {
        self.events.push(Event::ReplyFailed { in_reply_to: id(message), reason: FailureReason::Abandoned });
        self
    }

    /// Fails as its own process says.
    pub(super) fn break_off(mut self, message: &str) -> Self {
        self.events.push(Event::ReplyFailed { in_reply_to: id(message), reason: FailureReason::Unavailable });
        self
    }

    /// The events, sealed one on the other.
    pub(super) fn log(self) -> Vec<Recorded> {
        let mut head = Head::EMPTY;
        let seal = |(position, event)| {
            let event = SealedEvent::seal(head, conversation(), Uuid::new_v4().into(), position, event);
            head = event.head();
            Recorded { position: Position::new(position), event }
        };
        (1..).zip(self.events).map(seal).collect()
    }
}

/// A try from second `asked` to the next one, which ended this way.
pub(super) fn seen(message: &str, asked: u64, end: End) -> Seen {
    let at = |millis: u64| Duration::from_millis(asked * 1_000 + millis);
    let tokens = match &end {
        End::Done(answer) => answer.split_inclusive(' ').map(|token| (at(500), token.to_owned())).collect(),
        _ => Vec::new(),
    };
    Seen {
        session: session(),
        message: id(message),
        text: format!("text of {message}"),
        replica: 0,
        asked: at(0),
        started: (!matches!(end, End::Refused(..))).then(|| at(100)),
        tokens,
        end,
        ended: at(900),
    }
}

pub(super) fn done(message: &str, asked: u64, answer: &str) -> Seen {
    seen(message, asked, End::Done(answer.into()))
}

pub(super) fn good() -> Story {
    Story::default().user("a").fail("a").user("b").answer("b", "to b").again("a", 2).answer("a", "to a")
}

pub(super) fn good_sights() -> Vec<Seen> {
    vec![seen("a", 1, End::Cut), done("b", 3, "to b"), done("a", 5, "to a"), done("b", 6, "to b")]
}

pub(super) fn renumbered(mut log: Vec<Recorded>) -> Vec<Recorded> {
    (1..).zip(&mut log).for_each(|(number, recorded)| recorded.position = Position::new(number));
    log
}
