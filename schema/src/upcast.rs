//! Versions of the stored event shapes. Only the newest is written; every older one is read through a conversion
//! into the current type, kept here. Golden files in `test-data/` hold one stored example of every shape.

use serde_json::value::RawValue;

use crate::event::Event;

/// The schema version written today. Raise it when a shape in `event.rs` changes in a way old readers or old bytes
/// would not survive, keep the old shape in this file with a `From` into the new one, and add its golden files.
pub const SCHEMA_VERSION: u16 = 1;

/// Why stored bytes are not an event this release understands.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Not the JSON of an envelope, or of the event it claims to hold.
    #[error("stored event is malformed: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Written by a newer release.
    #[error("stored event has schema version {0}, this release reads up to {SCHEMA_VERSION}: upgrade open-chat")]
    Newer(u16),
}

/// Reads an event in the shape of `schema_version` into the current type.
pub(crate) fn decode(schema_version: u16, event: &RawValue) -> Result<Event, DecodeError> {
    match schema_version {
        1 => Ok(serde_json::from_str(event.get())?),
        newer => Err(DecodeError::Newer(newer)),
    }
}
