//! A stand-in for EventStoreDB: the services that its client calls, over a database in memory or in a file. It follows the server's
//! rules for expected revisions, repetitions, truncation and the order of all events, and fails on demand.
//!
//! Architecture invariant: it shows how the log reacts to answers, never that a real server gives them.

#![allow(clippy::result_large_err, reason = "services answer with tonic's own error")]

mod database;
mod faults;
mod features;
mod file;
mod gossip;
mod node;
mod protocol;
mod reading;
mod record;
mod streams;
mod subscribing;

pub use database::Database;
pub use faults::{Answer, AppendFault};
pub use node::{Login, Node, Options, Tls};
