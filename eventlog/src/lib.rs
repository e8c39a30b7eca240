//! The event log: the only truth. Everything else is derived from it and can be thrown away.
//!
//! Architecture invariant: a backend's quirks stay inside its module; what callers see is [`EventLog`] and its closed
//! set of outcomes. Every backend passes the same suite, in `conformance`.

pub mod archive;
mod bus;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod embedded;
#[cfg(feature = "eventstore")]
pub mod eventstore;
mod head;
pub mod jetstream;
mod log;
mod settle;

pub use bus::Bus;
pub use head::last_event;
pub use log::{Append, EventLog, LogError, LogIdentity, Position, Recorded, Subscription};
pub use settle::append_settled;
