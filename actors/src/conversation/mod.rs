//! One conversation: its state, what may happen in it, and the actor that makes it happen.

mod actor;
mod decide;
mod state;

pub use actor::ConversationActor;
pub(crate) use actor::{AttachOnly, Submit};
pub use decide::SendMessage;

pub(crate) use decide::Ending;
pub(crate) use state::Conversation;

#[cfg(test)]
mod tests;
