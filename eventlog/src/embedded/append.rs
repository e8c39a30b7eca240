//! One append inside the writer's transaction: what it finds, and what it adds.

use rusqlite::{Transaction, params};

use super::queue::Request;
use crate::log::{Append, Position};

/// The end of a conversation: version and position of its last event.
struct End {
    version: u64,
    position: Position,
}

/// Appends if the conversation is where the caller expects it. The outcome holds once the transaction is committed.
///
/// # Errors
/// SQLite failed; the transaction is of no use any more.
pub(super) fn append(transaction: &Transaction<'_>, request: &Request) -> rusqlite::Result<Append> {
    let end = end(transaction, request)?;
    if request.expected == end.version {
        return insert(transaction, request, &end).map(Append::Appended);
    }
    let conflict = Append::Conflict { expected: request.expected, actual: end.version };
    Ok(stored_before(transaction, request, &end)?.map_or(conflict, Append::Appended))
}

fn end(transaction: &Transaction<'_>, request: &Request) -> rusqlite::Result<End> {
    let mut statement = transaction
        .prepare_cached("SELECT version, position FROM event WHERE conversation = ?1 ORDER BY version DESC LIMIT 1")?;
    let mut rows = statement.query([request.conversation.as_uuid().as_bytes()])?;
    Ok(match rows.next()? {
        Some(row) => End { version: row.get(0)?, position: Position::new(row.get(1)?) },
        None => End { version: 0, position: Position::START },
    })
}

/// Adds the events after `end` and returns the new end's position, which stays where it is when there are none.
fn insert(transaction: &Transaction<'_>, request: &Request, end: &End) -> rusqlite::Result<Position> {
    let mut statement =
        transaction.prepare_cached("INSERT INTO event (conversation, version, hash, bytes) VALUES (?1, ?2, ?3, ?4)")?;
    let conversation = request.conversation.as_uuid().as_bytes();
    let mut position = end.position;
    for (version, (hash, bytes)) in (end.version + 1..).zip(&request.events) {
        let row = statement.insert(params![conversation, version, hash.as_bytes(), bytes])?;
        position = Position::new(row.unsigned_abs());
    }
    Ok(position)
}

/// Where the last of these very events stands, if an earlier try stored them. Hashes tell: they cover the event's id, its
/// other bytes, and everything before it.
fn stored_before(transaction: &Transaction<'_>, request: &Request, end: &End) -> rusqlite::Result<Option<Position>> {
    if request.events.is_empty() || request.expected > end.version {
        return Ok(None);
    }
    let mut statement = transaction.prepare_cached(
        "SELECT hash, position FROM event WHERE conversation = ?1 AND version > ?2 ORDER BY version LIMIT ?3",
    )?;
    let conversation = request.conversation.as_uuid().as_bytes();
    let mut rows = statement.query(params![conversation, request.expected, request.events.len()])?;
    let mut position = None;
    for (hash, _) in &request.events {
        match rows.next()? {
            Some(row) if row.get::<_, [u8; 32]>(0)? == *hash.as_bytes() => position = Some(Position::new(row.get(1)?)),
            _ => return Ok(None),
        }
    }
    Ok(position)
}
