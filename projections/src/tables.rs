//! All read models as one: whatever is kept about the log is named here, and only here.

use chat_eventlog::LogIdentity;
use chat_schema::Envelope;
use rusqlite::Connection;

use crate::{checkpoint, conversation_list, open_turns, threads, versions};

/// Raised with every change of a table or of what is written to one. There are no migrations: models of another
/// format are thrown away and built again.
pub(crate) const FORMAT: u32 = 2;

/// Makes all tables of an empty database, to be filled from the first event of `log` on.
pub(crate) fn create(db: &Connection, log: LogIdentity) -> rusqlite::Result<()> {
    for schema in [checkpoint::SCHEMA, versions::SCHEMA, conversation_list::SCHEMA, open_turns::SCHEMA, threads::SCHEMA]
    {
        db.execute_batch(schema)?;
    }
    db.pragma_update(None, "user_version", FORMAT)?;
    checkpoint::begin(db, log)
}

/// Empties all tables, to be filled from the first event of `log` on.
pub(crate) fn clear(db: &Connection, log: LogIdentity) -> rusqlite::Result<()> {
    versions::clear(db)?;
    conversation_list::clear(db)?;
    open_turns::clear(db)?;
    threads::clear(db)?;
    checkpoint::begin(db, log)
}

/// Applies the next event of a conversation to every read model.
pub(crate) fn apply(db: &Connection, envelope: &Envelope) -> rusqlite::Result<()> {
    conversation_list::apply(db, envelope)?;
    open_turns::apply(db, envelope)?;
    threads::apply(db, envelope)
}
