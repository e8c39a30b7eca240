//! The failures of each conversation, kept to take them out of the figures when it is erased.

use chat_schema::{Envelope, FailureReason};
use rusqlite::Connection;

use crate::columns::{self, storable};

/// As in JSON.
pub(crate) const REASONS: [(FailureReason, &str); 6] = [
    (FailureReason::Unavailable, "unavailable"),
    (FailureReason::TimedOut, "timed-out"),
    (FailureReason::Filtered, "filtered"),
    (FailureReason::Empty, "empty"),
    (FailureReason::TooLong, "too-long"),
    (FailureReason::Abandoned, "abandoned"),
];

pub(crate) fn insert(
    db: &Connection,
    conversation: i64,
    envelope: &Envelope,
    reason: FailureReason,
) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO failure VALUES (?1, ?2, ?3, ?4)")?.execute((
        conversation,
        storable(envelope.version),
        storable(envelope.recorded_at),
        columns::name(reason, &REASONS),
    ))?;
    Ok(())
}

/// Takes all failures of a conversation away: when and why.
pub(crate) fn take_all(db: &Connection, conversation: i64) -> rusqlite::Result<Vec<(u64, FailureReason)>> {
    db.prepare_cached("DELETE FROM failure WHERE conversation = ?1 RETURNING at, reason")?
        .query_map([conversation], |row| Ok((row.get("at")?, columns::named(row, "reason", &REASONS)?)))?
        .collect()
}
