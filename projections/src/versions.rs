//! How far each conversation is applied. This is what makes redelivery harmless and a gap visible:
//!
//! | the event's version | what is done with it |
//! |---|---|
//! | up to the conversation's | seen before: skipped, so an event may be delivered any number of times |
//! | the next one | applied |
//! | further on, and it is `ConversationErased` | applied: what is missing before it is what was erased |
//! | further on, any other event | a gap: neither it nor anything after it is applied, the runner stops |
//!
//! An event that cannot be read stops the runner like a gap, since nobody knows what it would have changed.

use chat_schema::{ConversationId, Envelope, Event};
use rusqlite::{Connection, OptionalExtension};

use crate::columns::storable;

pub(crate) const SCHEMA: &str = "
    -- Outlives the conversation's rows: an erased conversation's events stay seen.
    CREATE TABLE conversation_version (
        conversation BLOB    NOT NULL PRIMARY KEY,
        version      INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
";

/// What to do with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Seen,
    Next,
    Gap { expected: u64 },
}

impl Step {
    fn of(envelope: &Envelope, version: u64) -> Self {
        if envelope.version <= version {
            Self::Seen
        } else if envelope.version == version + 1 || matches!(envelope.event, Event::ConversationErased { .. }) {
            Self::Next
        } else {
            Self::Gap { expected: version + 1 }
        }
    }
}

/// What to do with this event; the next one is noted as seen.
pub(crate) fn step(db: &Connection, envelope: &Envelope) -> rusqlite::Result<Step> {
    let step = Step::of(envelope, version(db, envelope.conversation_id)?);
    if step == Step::Next {
        db.prepare_cached("INSERT INTO conversation_version VALUES (?1, ?2) ON CONFLICT DO UPDATE SET version = ?2")?
            .execute((envelope.conversation_id.as_uuid(), storable(envelope.version)))?;
    }
    Ok(step)
}

fn version(db: &Connection, conversation: ConversationId) -> rusqlite::Result<u64> {
    let version = db
        .prepare_cached("SELECT version FROM conversation_version WHERE conversation = ?1")?
        .query_row([conversation.as_uuid()], |row| row.get(0))
        .optional()?;
    Ok(version.unwrap_or(0))
}

pub(crate) fn clear(db: &Connection) -> rusqlite::Result<()> {
    db.execute("DELETE FROM conversation_version", ())?;
    Ok(())
}
