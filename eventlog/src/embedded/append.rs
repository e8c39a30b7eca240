//! One append, or one erasure, inside the writer's transaction: what it finds, and what it adds or takes away.

use chat_schema::{ConversationId, Hash};
use rusqlite::{OptionalExtension, Transaction, params};

use super::queue::{Request, Work};
use crate::log::{Append, Position};

/// The end of a conversation: version and position of its last event.
struct End {
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
pub(super) fn write(transaction: &Transaction<'_>, request: &Request) -> rusqlite::Result<Append> {
    match &request.work {
        Work::Append { conversation, expected, may_begin, events } => {
            let (conversation, expected, may_begin) = (*conversation, *expected, *may_begin);
            append(transaction, &Addition { conversation, expected, may_begin, events })
        }
        Work::Erase { conversation, version, hash } => erase(transaction, *conversation, *version, hash),
        Work::Close => Ok(Append::Appended(Position::START)),
    }
}

/// Appends if the conversation is where the caller expects it.
fn append(transaction: &Transaction<'_>, addition: &Addition<'_>) -> rusqlite::Result<Append> {
    let end = end(transaction, addition.conversation)?;
    if addition.expected == end.version || (end.version == 0 && addition.may_begin) {
        return insert(transaction, addition, &end).map(Append::Appended);
    }
    let conflict = Append::Conflict { expected: addition.expected, actual: end.version };
    Ok(stored_before(transaction, addition, &end)?.map_or(conflict, Append::Appended))
}

/// Deletes what stands before an erasure that is stored; the connection overwrites what it deletes.
fn erase(
    transaction: &Transaction<'_>,
    conversation: ConversationId,
    version: u64,
    hash: &Hash,
) -> rusqlite::Result<Append> {
    let id = conversation.as_uuid().as_bytes();
    let position = transaction
        .prepare_cached("SELECT position FROM event WHERE conversation = ?1 AND version = ?2 AND hash = ?3")?
        .query_row(params![id, version, hash.as_bytes()], |row| row.get(0))
        .optional()?;
    let Some(position) = position else {
        return Ok(Append::Conflict { expected: version, actual: end(transaction, conversation)?.version });
    };
    transaction
        .prepare_cached("DELETE FROM event WHERE conversation = ?1 AND version < ?2")?
        .execute(params![id, version])?;
    Ok(Append::Appended(Position::new(position)))
}

fn end(transaction: &Transaction<'_>, conversation: ConversationId) -> rusqlite::Result<End> {
    let mut statement = transaction
        .prepare_cached("SELECT version, position FROM event WHERE conversation = ?1 ORDER BY version DESC LIMIT 1")?;
    let mut rows = statement.query([conversation.as_uuid().as_bytes()])?;
    Ok(match rows.next()? {
        Some(row) => End { version: row.get(0)?, position: Position::new(row.get(1)?) },
        None => End { version: 0, position: Position::START },
    })
}

/// Adds the events after `end` and returns the new end's position, which stays where it is when there are none.
fn insert(transaction: &Transaction<'_>, addition: &Addition<'_>, end: &End) -> rusqlite::Result<Position> {
    let mut statement =
        transaction.prepare_cached("INSERT INTO event (conversation, version, hash, bytes) VALUES (?1, ?2, ?3, ?4)")?;
    let conversation = addition.conversation.as_uuid().as_bytes();
    let mut position = end.position;
    for (version, (hash, bytes)) in (addition.expected + 1..).zip(addition.events) {
        let row = statement.insert(params![conversation, version, hash.as_bytes(), bytes])?;
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
    let conversation = addition.conversation.as_uuid().as_bytes();
    let mut rows = statement.query(params![conversation, addition.expected, addition.events.len()])?;
    let mut position = None;
    for (hash, _) in addition.events {
        match rows.next()? {
            Some(row) if row.get::<_, [u8; 32]>(0)? == *hash.as_bytes() => position = Some(Position::new(row.get(1)?)),
            _ => return Ok(None),
        }
    }
    Ok(position)
}
