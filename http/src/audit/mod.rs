//! `open-chat audit`: what auditors ask of a log, answered from what is stored.
//!
//! Architecture invariant: nothing here writes to a log or to read models, and nothing needs a server that runs.

mod command;
mod csv_rows;
mod export;
mod replay;
mod selection;
mod source;
mod stored_line;
mod time_text;
mod verify;

pub(crate) use command::{Arguments, run};
pub(crate) use csv_rows::{csv_head, csv_row};
pub(crate) use export::ndjson_line;
pub(crate) use source::open as open_log;
pub(crate) use time_text::{parse_time, time_text};
