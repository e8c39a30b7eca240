//! The conversation actor, its registry, and the assistants that answer.
//!
//! Architecture invariant: what may happen in a conversation is decided by plain functions (`conversation::decide`); actors
//! only carry out. Nothing reaches a client before the log acknowledged it.

mod alarm;
pub mod assistant;
#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod bench;
mod conversation;
mod erasure;
mod fence;
mod history;
mod metrics;
mod operators;
mod peers;
mod progress;
mod registry;
mod services;
mod stop;
mod tokens;
mod turn;

pub use alarm::Alarm;
pub use conversation::{ConversationActor, SendMessage};
pub use erasure::Erased;
pub use history::messages;
pub use metrics::register_metrics;
pub use progress::{Attachment, Progress, Refusal, Stage};
pub use registry::Registry;
pub use services::{Services, Settings};
pub use tokens::Tokens;
