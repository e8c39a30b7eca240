//! The turns that are being answered, or whose process died doing so. Few rows at any time.

use chat_schema::{ConversationId, Envelope, Event, OwnerId};
use rusqlite::Connection;

use crate::columns;

pub(crate) const SCHEMA: &str = "
    CREATE TABLE open_turn (
        conversation BLOB NOT NULL PRIMARY KEY,
        owner        BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
";

pub(crate) fn apply(db: &Connection, envelope: &Envelope) -> rusqlite::Result<()> {
    let conversation = envelope.conversation_id;
    match &envelope.event {
        Event::UserMessaged { owner, .. } | Event::ReplyStarted { owner, .. } => {
            db.prepare_cached("INSERT OR REPLACE INTO open_turn VALUES (?1, ?2)")?
                .execute((conversation.as_uuid(), owner.as_uuid()))?;
        }
        Event::AssistantReplied { .. }
        | Event::ReplyStopped { .. }
        | Event::ReplyFailed { .. }
        | Event::ConversationErased { .. } => {
            db.prepare_cached("DELETE FROM open_turn WHERE conversation = ?1")?.execute([conversation.as_uuid()])?;
        }
        Event::MessageRated { .. } => {}
    }
    Ok(())
}

pub(crate) fn clear(db: &Connection) -> rusqlite::Result<()> {
    db.execute("DELETE FROM open_turn", ())?;
    Ok(())
}

/// All of them: the conversation, and the process that runs its turn.
pub(crate) fn all(db: &Connection) -> rusqlite::Result<Vec<(ConversationId, OwnerId)>> {
    db.prepare_cached("SELECT conversation, owner FROM open_turn")?
        .query_map((), |row| Ok((columns::id(row, "conversation")?, columns::id(row, "owner")?)))?
        .collect()
}
