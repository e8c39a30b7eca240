//! All read models as one: whatever is kept about the log is named here, and only here.

use chat_eventlog::LogIdentity;
use rusqlite::Connection;

use crate::search::index;
use crate::{checkpoint, conversation, messages, statistics};

/// Raised with every change of a table or of what is written to one. There are no migrations: models of another
/// format are thrown away and built again.
pub(crate) const FORMAT: u32 = 6;

/// Makes all tables of an empty database, to be filled from the first event of `log` on.
pub(crate) fn create(db: &Connection, log: LogIdentity) -> rusqlite::Result<()> {
    for schema in [checkpoint::SCHEMA, conversation::SCHEMA, messages::SCHEMA, index::SCHEMA, statistics::SCHEMA] {
        db.execute_batch(schema)?;
    }
    db.pragma_update(None, "user_version", FORMAT)?;
    checkpoint::begin(db, log)
}

/// Empties all tables, to be filled from the first event of `log` on.
pub(crate) fn clear(db: &Connection, log: LogIdentity) -> rusqlite::Result<()> {
    db.execute_batch(
        "DELETE FROM conversation; UPDATE conversation_count SET total = 0; DELETE FROM message;
         INSERT INTO message_words (message_words) VALUES ('delete-all');
         DELETE FROM hour; DELETE FROM hour_failure; DELETE FROM hour_duration; DELETE FROM failure;",
    )?;
    checkpoint::begin(db, log)
}
