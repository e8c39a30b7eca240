//! One conversation: its state, what may happen in it, and the actor that makes it happen.

mod actor;
mod decide;
mod following;
mod pending;
mod rating;
mod requests;
mod state;

pub use actor::ConversationActor;
pub use decide::SendMessage;
pub(crate) use requests::{Advance, AttachOnly, Rate, Rest, RunningHere, Stop, Submit, Wake, WatchTurn};

pub(crate) use decide::Ending;
pub(crate) use state::{Conversation, OpenTurn};

#[cfg(test)]
mod tests;
