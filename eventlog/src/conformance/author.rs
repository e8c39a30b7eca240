//! Writes the events that the suite appends.

use chat_schema::{ConversationId, Event, FailureReason, FinishReason, Head, OwnerId, SealedEvent, Timings};
use uuid::Uuid;

/// A writer of one conversation, who seals each event on the one before. A clone is a rival who knows as much.
#[derive(Debug, Clone)]
pub struct Author {
    /// Whose events these are.
    pub conversation: ConversationId,
    /// What the next event follows.
    pub head: Head,
}

impl Author {
    /// The author of a conversation that has no events yet.
    pub fn new() -> Self {
        Self { conversation: Uuid::new_v4().into(), head: Head::EMPTY }
    }

    /// The next event.
    pub fn event(&mut self) -> SealedEvent {
        let event = match self.head.version % 3 {
            0 => self.user_messaged("Where is my \"order\"?\r\n\t\u{1F980} \\ \u{2028} ü".into()),
            1 => Event::ReplyFailed { in_reply_to: self.message(), reason: FailureReason::TimedOut },
            _ => Event::ReplyStopped { in_reply_to: self.message(), content: "On its".into() },
        };
        self.seal(event)
    }

    /// The next `count` events.
    pub fn events(&mut self, count: usize) -> Vec<SealedEvent> {
        (0..count).map(|_| self.event()).collect()
    }

    /// The next event, of about `size` bytes.
    pub fn event_of_size(&mut self, size: usize) -> SealedEvent {
        self.seal(self.user_messaged("x".repeat(size)))
    }

    /// The next event, in which the visitor says this.
    pub fn says(&mut self, words: String) -> SealedEvent {
        self.seal(self.user_messaged(words))
    }

    /// The next event, in which the visitor's last message, which it follows, is answered by this.
    pub fn answers(&mut self, words: String) -> SealedEvent {
        let in_reply_to = format!("message:{}", self.head.version - 1).parse().unwrap();
        let timings = Timings { first_token_ms: 1, total_ms: 2 };
        let (model, finish_reason) = ("demo".into(), FinishReason::Stop);
        self.seal(Event::AssistantReplied { in_reply_to, content: words, model, finish_reason, usage: None, timings })
    }

    /// What stands in the place of everything so far once it is erased.
    pub fn erasure(&mut self) -> SealedEvent {
        let Head { version, hash, .. } = self.head;
        self.seal(Event::ConversationErased { erased_events: version, head: hash })
    }

    fn seal(&mut self, event: Event) -> SealedEvent {
        let sealed = SealedEvent::seal(self.head, self.conversation, Uuid::now_v7().into(), 1_755_600_000_123, event);
        self.head = sealed.head();
        sealed
    }

    fn user_messaged(&self, content: String) -> Event {
        let session_id = format!("session:{}", self.conversation).parse().unwrap();
        Event::UserMessaged { message_id: self.message(), session_id, content, owner: OwnerId::from(Uuid::nil()) }
    }

    fn message(&self) -> chat_schema::MessageId {
        format!("message:{}", self.head.version).parse().unwrap()
    }
}

impl Default for Author {
    fn default() -> Self {
        Self::new()
    }
}
