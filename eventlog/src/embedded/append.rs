//! One append, or one erasure, inside the writer's transaction: what it finds, and what it adds or takes away.

use chat_schema::{ConversationId, Hash};
use rusqlite::types::Value;
use rusqlite::{OptionalExtension, Transaction, params};

use super::format::Format;
use super::queue::{Request, Work};
use crate::log::{Append, Position};

/// The end of a conversation: version and position of its last event.
struct End {
    /// What its events are filed under; `None` before the first.
    key: Option<Value>,
    version: u64,
    position: Position,
}

/// What is to be appended, and where.
struct Addition<'a> {
    conversation: ConversationId,
    expected: u64,
    may_begin: bool,
    events: &'a [(Hash, Box<[u8]>)],
}

/// Carries out a request. The outcome holds once the transaction is committed.
///
/// # Errors
/// SQLite failed; the transaction is of no use any more.
pub(super) fn write(transaction: &Transaction<'_>, format: Format, request: &Request) -> rusqlite::Result<Append> {
    match &request.work {
        Work::Append { conversation, expected, may_begin, events } => {
            let (conversation, expected, may_begin) = (*conversation, *expected, *may_begin);
            append(transaction, format, &Addition { conversation, expected, may_begin, events })
        }
        Work::Erase { conversation, version, hash } => erase(transaction, format, *conversation, *version, hash),
        Work::Close => Ok(Append::Appended(Position::START)),
    }
}

/// Appends if the conversation is where the caller expects it.
fn append(transaction: &Transaction<'_>, format: Format, addition: &Addition<'_>) -> rusqlite::Result<Append> {
    let end = end(transaction, format, addition.conversation)?;
    if addition.expected == end.version || (end.version == 0 && addition.may_begin) {
        return insert(transaction, format, addition, &end).map(Append::Appended);
    }
    let conflict = Append::Conflict { expected: addition.expected, actual: end.version };
    Ok(stored_before(transaction, addition, &end)?.map_or(conflict, Append::Appended))
}

/// Deletes what stands before an erasure that is stored; the connection overwrites what it deletes.
fn erase(
    transaction: &Transaction<'_>,
    format: Format,
    conversation: ConversationId,
    version: u64,
    hash: &Hash,
) -> rusqlite::Result<Append> {
    let End { key, version: actual, .. } = end(transaction, format, conversation)?;
    let position = transaction
        .prepare_cached("SELECT position FROM event WHERE conversation = ?1 AND version = ?2 AND hash = ?3")?
        .query_row(params![key, version, hash.as_bytes()], |row| row.get(0))
        .optional()?;
    let Some(position) = position else { return Ok(Append::Conflict { expected: version, actual }) };
    transaction
        .prepare_cached("DELETE FROM event WHERE conversation = ?1 AND version < ?2")?
        .execute(params![key, version])?;
    Ok(Append::Appended(Position::new(position)))
}

fn end(transaction: &Transaction<'_>, format: Format, conversation: ConversationId) -> rusqlite::Result<End> {
    let mut statement = transaction.prepare_cached(format.select_end())?;
    let mut rows = statement.query([conversation.as_uuid().as_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(End { key: None, version: 0, position: Position::START }) };
    let position = row.get::<_, Option<u64>>(2)?.map_or(Position::START, Position::new);
    Ok(End { key: Some(row.get(0)?), version: row.get::<_, Option<u64>>(1)?.unwrap_or(0), position })
}

/// Adds the events after `end` and returns the new end's position, which stays where it is when there are none.
fn insert(
    transaction: &Transaction<'_>,
    format: Format,
    addition: &Addition<'_>,
    end: &End,
) -> rusqlite::Result<Position> {
    if addition.events.is_empty() {
        return Ok(end.position);
    }
    let key = match &end.key {
        Some(key) => key.clone(),
        None => format.begin(transaction, addition.conversation)?,
    };
    let mut statement =
        transaction.prepare_cached("INSERT INTO event (conversation, version, hash, bytes) VALUES (?1, ?2, ?3, ?4)")?;
    let mut position = end.position;
    for (version, (hash, bytes)) in (addition.expected + 1..).zip(addition.events) {
        let row = statement.insert(params![key, version, hash.as_bytes(), bytes])?;
        position = Position::new(row.unsigned_abs());
    }
    Ok(position)
}

/// Where the last of these very events stands, if an earlier try stored them. Hashes tell: they cover the event's id, its
/// other bytes, and everything before it.
fn stored_before(
    transaction: &Transaction<'_>,
    addition: &Addition<'_>,
    end: &End,
) -> rusqlite::Result<Option<Position>> {
    if addition.events.is_empty() || addition.expected > end.version {
        return Ok(None);
    }
    let mut statement = transaction.prepare_cached(
        "SELECT hash, position FROM event WHERE conversation = ?1 AND version > ?2 ORDER BY version LIMIT ?3",
    )?;
    let mut rows = statement.query(params![end.key, addition.expected, addition.events.len()])?;
    let mut position = None;
    for (hash, _) in addition.events {
        match rows.next()? {
            Some(row) if row.get::<_, [u8; 32]>(0)? == *hash.as_bytes() => position = Some(Position::new(row.get(1)?)),
            _ => return Ok(None),
        }
    }
    Ok(position)
}
