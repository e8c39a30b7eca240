//! The conversation list: one row a conversation, newest message first. A page costs what the page holds and the total
//! one row, however many conversations there are.

use chat_schema::{ConversationId, ConversationPage, Envelope, Event, SessionId, Summary};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::columns::{self, storable};
use crate::cursor::Cursor;

/// Length of `lastMessage`, in Unicode scalar values.
const LAST_MESSAGE_CHARS: usize = 500;

pub(crate) const SCHEMA: &str = "
    CREATE TABLE conversation (
        id           BLOB    NOT NULL UNIQUE,
        session      TEXT    NOT NULL,
        created_at   INTEGER NOT NULL,
        updated_at   INTEGER NOT NULL,
        last_message TEXT    NOT NULL
    ) STRICT;
    CREATE INDEX conversation_by_update ON conversation (updated_at, id);

    -- One row.
    CREATE TABLE conversation_count (total INTEGER NOT NULL) STRICT;
    INSERT INTO conversation_count VALUES (0);
";

const PAGE: &str = "
    SELECT id, session, created_at, updated_at, last_message FROM conversation
    WHERE (updated_at, id) < (?1, ?2) ORDER BY updated_at DESC, id DESC LIMIT ?3";

pub(crate) fn apply(db: &Connection, envelope: &Envelope) -> rusqlite::Result<()> {
    let (id, at) = (envelope.conversation_id, envelope.recorded_at);
    match &envelope.event {
        Event::UserMessaged { session_id, content, .. } => {
            if !touch(db, id, at, content)? {
                insert(db, id, session_id, at, content)?;
            }
        }
        Event::AssistantReplied { content, .. } => {
            touch(db, id, at, content)?;
        }
        Event::ReplyStopped { content, .. } if !content.is_empty() => {
            touch(db, id, at, content)?;
        }
        Event::ConversationErased { .. } => delete(db, id)?,
        Event::ReplyStopped { .. }
        | Event::ReplyStarted { .. }
        | Event::ReplyFailed { .. }
        | Event::MessageRated { .. } => {}
    }
    Ok(())
}

/// A newest message for a conversation; false if there is no such row.
fn touch(db: &Connection, id: ConversationId, at: u64, content: &str) -> rusqlite::Result<bool> {
    let touched = db
        .prepare_cached("UPDATE conversation SET updated_at = ?2, last_message = ?3 WHERE id = ?1")?
        .execute((id.as_uuid(), storable(at), beginning(content)))?;
    Ok(touched > 0)
}

fn insert(db: &Connection, id: ConversationId, session: &SessionId, at: u64, content: &str) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO conversation VALUES (?1, ?2, ?3, ?3, ?4)")?.execute((
        id.as_uuid(),
        session.as_str(),
        storable(at),
        beginning(content),
    ))?;
    count(db, 1)
}

fn delete(db: &Connection, id: ConversationId) -> rusqlite::Result<()> {
    match db.prepare_cached("DELETE FROM conversation WHERE id = ?1")?.execute([id.as_uuid()])? {
        0 => Ok(()),
        _ => count(db, -1),
    }
}

/// Counting up and down is safe only because an event that was seen before never gets here (`versions.rs`).
fn count(db: &Connection, change: i64) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE conversation_count SET total = total + ?1")?.execute([change])?;
    Ok(())
}

fn beginning(content: &str) -> &str {
    content.char_indices().nth(LAST_MESSAGE_CHARS).map_or(content, |(end, _)| &content[..end])
}

pub(crate) fn clear(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("DELETE FROM conversation; UPDATE conversation_count SET total = 0;")
}

/// The `limit` conversations after `after`, or the first ones.
pub(crate) fn page(db: &Connection, limit: u32, after: Option<Cursor>) -> rusqlite::Result<ConversationPage> {
    let after = after.unwrap_or_else(Cursor::top);
    // One more than asked for tells whether there is another page.
    let conversations = db
        .prepare_cached(PAGE)?
        .query_map((storable(after.updated_at), after.id.as_uuid(), i64::from(limit) + 1), summary_of)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let shown = conversations.len().min(limit as usize);
    let next = conversations[..shown].last().filter(|_| shown < conversations.len());
    let next_cursor = next.map(|last| Cursor { updated_at: last.updated_at, id: last.id }.to_string());
    let total = db.prepare_cached("SELECT total FROM conversation_count")?.query_row((), |row| row.get("total"))?;
    Ok(ConversationPage { conversations: conversations.into_iter().take(shown).collect(), total, next_cursor })
}

/// One conversation's row.
pub(crate) fn summary(db: &Connection, id: ConversationId) -> rusqlite::Result<Option<Summary>> {
    db.prepare_cached("SELECT id, session, created_at, updated_at, last_message FROM conversation WHERE id = ?1")?
        .query_row([id.as_uuid()], summary_of)
        .optional()
}

fn summary_of(row: &Row<'_>) -> rusqlite::Result<Summary> {
    let created_at = row.get("created_at")?;
    Ok(Summary {
        id: columns::id(row, "id")?,
        creation_time: created_at,
        session_id: columns::text(row, "session")?,
        created_at,
        updated_at: row.get("updated_at")?,
        last_message: row.get("last_message")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_found_by_the_index_without_sorting() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA).unwrap();
        let plan: Vec<String> = db
            .prepare(&format!("EXPLAIN QUERY PLAN {PAGE}"))
            .unwrap()
            .query_map((0, Cursor::top().id.as_uuid(), 100), |row| row.get("detail"))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(plan, ["SEARCH conversation USING INDEX conversation_by_update ((updated_at,id)<(?,?))"]);
    }

    #[test]
    fn the_beginning_is_counted_in_scalar_values() {
        assert_eq!(beginning(&"\u{1F980}".repeat(501)), "\u{1F980}".repeat(500));
        assert_eq!(beginning(&"x".repeat(500)), "x".repeat(500));
        assert_eq!(beginning(""), "");
    }
}
