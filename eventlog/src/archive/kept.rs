//! Heads that were kept elsewhere, held against what the log has. They lie in the temporary database of the chains.

use chat_schema::{ConversationId, Event, Hash, SealedEvent};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::fault::Place;

pub(super) const SCHEMA: &str = "
    CREATE TABLE kept (
        conversation BLOB    NOT NULL PRIMARY KEY,
        version      INTEGER NOT NULL,
        hash         BLOB    NOT NULL,
        seen         INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;
";

pub(super) fn keep(db: &Connection, conversation: ConversationId, version: u64, hash: &Hash) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT OR REPLACE INTO kept (conversation, version, hash) VALUES (?1, ?2, ?3)")?
        .execute(params![conversation.as_uuid().as_bytes(), version, hash.as_bytes()])
        .map(drop)
}

/// Whether what was kept of this event has its hash. Of an erased head the erasure that names it still tells.
pub(super) fn is_as_kept(db: &Connection, event: &SealedEvent) -> rusqlite::Result<bool> {
    let envelope = &event.envelope;
    let id = envelope.conversation_id;
    let erased = match &envelope.event {
        Event::ConversationErased { erased_events, head } => is_kept(db, id, *erased_events, head)?,
        _ => true,
    };
    Ok(is_kept(db, id, envelope.version, &event.hash)? && erased)
}

/// Whether this hash is the one that was kept of that version, if one was.
fn is_kept(db: &Connection, conversation: ConversationId, version: u64, hash: &Hash) -> rusqlite::Result<bool> {
    let id = conversation.as_uuid().as_bytes();
    let kept: Option<[u8; 32]> = db
        .prepare_cached("SELECT hash FROM kept WHERE conversation = ?1 AND version = ?2")?
        .query_row(params![id, version], |row| row.get(0))
        .optional()?;
    let Some(kept) = kept else { return Ok(true) };
    db.prepare_cached("UPDATE kept SET seen = 1 WHERE conversation = ?1")?.execute([id])?;
    Ok(kept == *hash.as_bytes())
}

/// Those that are neither in the log nor erased.
pub(super) fn dropped(db: &Connection) -> rusqlite::Result<Vec<Place>> {
    let mut statement = db.prepare(
        "SELECT kept.conversation, kept.version FROM kept LEFT JOIN head USING (conversation)
         WHERE NOT seen AND coalesce(head.first, 0) <= kept.version ORDER BY kept.conversation LIMIT 100",
    )?;
    let place = |row: &Row<'_>| {
        let conversation = Some(Uuid::from_bytes(row.get(0)?).into());
        Ok(Place { conversation, version: Some(row.get(1)?), position: None })
    };
    statement.query_map((), place)?.collect()
}
