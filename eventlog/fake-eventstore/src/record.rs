//! One stored event.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An event as it is stored, and where.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Where it stands in the order of all events.
    pub(crate) place: u64,
    pub(crate) stream: String,
    pub(crate) revision: u64,
    /// Milliseconds since the Unix epoch.
    pub(crate) created: u64,
    pub(crate) event: Proposed,
    /// A scavenge has dropped it.
    #[serde(default)]
    pub(crate) gone: bool,
}

/// An event as a client sends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proposed {
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) content_type: String,
    pub(crate) data: Vec<u8>,
    pub(crate) metadata: Vec<u8>,
}

/// An append as a client sends it.
#[derive(Debug, Clone)]
pub(crate) struct Append {
    pub(crate) stream: String,
    pub(crate) expected: Expected,
    pub(crate) events: Vec<Proposed>,
}

/// What an append expects of its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    Any,
    NoStream,
    Exists,
    Revision(u64),
}

impl Record {
    /// How much of the log it takes, about.
    pub(crate) fn size(&self) -> u64 {
        (100 + self.stream.len() + self.event.data.len() + self.event.metadata.len()) as u64
    }
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
