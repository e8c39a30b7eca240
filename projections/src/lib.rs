//! Read models of the event log, for operators: the conversation list and the threads.
//!
//! Architecture invariant: everything here is derived from the log and disposable. Delete the directory and it is built
//! again; nothing is ever written to the log from here, and no chat waits for a read model.

mod checkpoint;
mod columns;
mod conversation_list;
mod cursor;
mod database;
mod directory;
mod open_error;
mod open_turns;
mod read_models;
mod readers;
mod runner;
mod status;
mod store;
mod tables;
mod threads;
mod versions;

#[cfg(test)]
mod tests;

pub use cursor::{Cursor, InvalidCursor};
pub use open_error::OpenError;
pub use read_models::{ReadError, ReadModels};
pub use status::{CaughtUp, State, Status};
pub use store::StoreError;
