//! Full-text search over all messages.

mod find;
pub(crate) mod index;
mod query;
mod snippet;
mod words;

pub(crate) use find::find;
pub use query::{Query, QueryTooLong};
