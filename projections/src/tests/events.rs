//! Events, in the words of a story.

use chat_schema::{Event, FailureReason, FinishReason, Hash, MessageId, Rating, Timings};
use uuid::Uuid;

use super::log_double::LogDouble;

fn name(message: &str) -> MessageId {
    message.parse().unwrap()
}

impl LogDouble {
    pub(crate) fn asks(&self, session: &str, at: u64, message: &str, content: &str) {
        let event = Event::UserMessaged {
            message_id: name(message),
            session_id: session.parse().unwrap(),
            content: content.to_owned(),
            owner: Uuid::nil().into(),
        };
        self.happens(session, at, event);
    }

    pub(crate) fn answered(&self, session: &str, at: u64, message: &str, content: &str) {
        let event = Event::AssistantReplied {
            in_reply_to: name(message),
            content: content.to_owned(),
            model: "model".to_owned(),
            finish_reason: FinishReason::Stop,
            usage: None,
            timings: Timings { first_token_ms: 1, total_ms: 2 },
        };
        self.happens(session, at, event);
    }

    pub(crate) fn fails(&self, session: &str, at: u64, message: &str) {
        let reason = FailureReason::Unavailable;
        self.happens(session, at, Event::ReplyFailed { in_reply_to: name(message), reason });
    }

    pub(crate) fn retried(&self, session: &str, at: u64, message: &str) {
        let owner = Uuid::nil().into();
        self.happens(session, at, Event::ReplyStarted { in_reply_to: name(message), attempt: 2, owner });
    }

    pub(crate) fn stopped(&self, session: &str, at: u64, message: &str, content: &str) {
        self.happens(session, at, Event::ReplyStopped { in_reply_to: name(message), content: content.to_owned() });
    }

    pub(crate) fn rated(&self, session: &str, at: u64, message: &str, rating: Option<Rating>) {
        self.happens(session, at, Event::MessageRated { message_id: name(message), rating });
    }

    pub(crate) fn erased(&self, session: &str, at: u64, erased_events: u64) {
        self.happens(session, at, Event::ConversationErased { erased_events, head: Hash::ZERO });
    }
}
