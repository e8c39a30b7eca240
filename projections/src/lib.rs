//! Read models of the event log, for operators: the conversation list, search, threads and statistics.
//!
//! Architecture invariant: everything here is derived from the log and disposable. Delete the directory and it is built
//! again; nothing is ever written to the log from here, and no chat waits for a read model.

mod batch;
mod checkpoint;
mod columns;
mod conversation;
mod conversation_list;
mod cursor;
mod database;
mod directory;
mod feed;
mod messages;
mod models;
mod open_error;
mod prepared;
mod read_models;
mod readers;
mod rebuild;
mod runner;
mod search;
mod statistics;
mod status;
mod store;
mod tables;
mod threads;
mod versions;

#[cfg(test)]
mod tests;

pub use conversation_list::Filter;
pub use cursor::{Cursor, InvalidCursor, SearchCursor, ThreadCursor};
pub use open_error::OpenError;
pub use read_models::{ReadError, ReadModels};
pub use rebuild::{Built, Rebuild, RebuildError};
pub use search::{Query, QueryTooLong};
pub use statistics::{InvalidPeriod, Period};
pub use status::{CaughtUp, State, Status};
pub use store::StoreError;
