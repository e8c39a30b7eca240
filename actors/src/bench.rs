//! The pure steps of a turn, for the benches alone: they are nobody else's to call.

use chat_schema::Event;

use crate::assistant::PromptMessage;
pub use crate::assistant::read_answer;
use crate::conversation::Conversation;

/// A conversation's state.
#[derive(Clone)]
pub struct Folded(Conversation);

impl Folded {
    /// The state after `events`.
    pub fn of(events: &[Event]) -> Self {
        Self(events.iter().fold(Conversation::default(), Conversation::evolve))
    }

    /// The state after one more.
    pub fn evolve(self, event: &Event) -> Self {
        Self(self.0.evolve(event))
    }

    /// What the model is shown to answer `question`.
    pub fn history(&self, question: &str, limit: usize) -> Vec<PromptMessage> {
        self.0.history(question, None, limit)
    }
}
