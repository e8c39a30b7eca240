//! The checkpoint: which log the rows were made from, and up to where. Written in the transaction of the rows it
//! speaks for, so rows and checkpoint never disagree, whatever dies in between.

use chat_eventlog::{LogIdentity, Position};
use rusqlite::Connection;

use crate::columns::storable;

pub(crate) const SCHEMA: &str = "
    -- One row.
    CREATE TABLE checkpoint (
        log      BLOB    NOT NULL,
        position INTEGER NOT NULL,
        -- 1 from the first time the end of the log was reached: until then lists would look complete and not be.
        whole    INTEGER NOT NULL
    ) STRICT;
";

/// Which log the rows were made from, and up to where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) log: LogIdentity,
    pub(crate) position: Position,
}

pub(crate) fn load(db: &Connection) -> rusqlite::Result<Checkpoint> {
    db.query_row("SELECT log, position FROM checkpoint", (), |row| {
        Ok(Checkpoint { log: LogIdentity(row.get(0)?), position: Position::new(row.get(1)?) })
    })
}

/// Begins before the first event of `log`.
pub(crate) fn begin(db: &Connection, log: LogIdentity) -> rusqlite::Result<()> {
    db.execute("DELETE FROM checkpoint", ())?;
    db.execute("INSERT INTO checkpoint VALUES (?1, ?2, 0)", (log.0, storable(Position::START.get())))?;
    Ok(())
}

/// Moves on to `position`; the models are whole from the first time that is `goal` or beyond.
pub(crate) fn advance(db: &Connection, position: Position, goal: Position) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE checkpoint SET position = ?1, whole = whole OR ?2")?
        .execute((storable(position.get()), position >= goal))?;
    Ok(())
}

/// Whether the end of the log was ever reached.
pub(crate) fn is_whole(db: &Connection) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT whole FROM checkpoint")?.query_row((), |row| row.get(0))
}
