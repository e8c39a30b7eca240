//! Full-text search over all messages.

pub(crate) mod aside;
mod find;
pub(crate) mod index;
mod query;
mod snippet;
mod split_keys;
mod words;

pub(crate) use find::find;
pub use query::{Query, QueryTooLong};
