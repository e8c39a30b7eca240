//! Which conversations an operator wants to see.

use chat_schema::Summary;
use rusqlite::{CachedStatement, Connection, Params};
use uuid::Uuid;

use crate::columns::storable;
use crate::cursor::Cursor;

/// Messages from which on a conversation has a place in the index of long ones.
const LONG: u64 = 10;

/// Conditions that all have to hold; none by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    /// Earliest `updatedAt`, in milliseconds since the epoch.
    pub from: Option<u64>,
    /// The `updatedAt` from which on it is too late.
    pub to: Option<u64>,
    /// Whether the last attempt to answer one of its messages failed.
    pub failed: Option<bool>,
    /// Fewest messages.
    pub min_messages: u64,
}

impl Filter {
    pub(crate) fn admits_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a conversation is on the list.
    pub(crate) fn admits(&self, summary: &Summary) -> bool {
        self.from.is_none_or(|from| from <= summary.updated_at)
            && self.to.is_none_or(|to| summary.updated_at < to)
            && self.failed.is_none_or(|failed| failed == summary.failed)
            && self.min_messages <= summary.messages
    }

    /// Above every conversation that is on the list.
    pub(crate) fn top(&self) -> Cursor {
        self.to.map_or_else(Cursor::top, |to| Cursor { updated_at: to, id: Uuid::nil().into() })
    }

    /// `select`, the conditions, `rest`: every condition is answered by one index.
    pub(crate) fn statement<'db>(
        &self,
        db: &'db Connection,
        select: &str,
        rest: &str,
    ) -> rusqlite::Result<CachedStatement<'db>> {
        // The words of a partial index's own condition, without which SQLite does not use it.
        let (all, long) = match self.min_messages {
            LONG.. => ("conversation_long", "AND messages >= 10"),
            _ => ("conversation_by_update", ""),
        };
        let (index, failed) = match self.failed {
            None => (all, ""),
            Some(false) => (all, "AND failed = 0"),
            Some(true) => ("conversation_failed", "AND failed > 0"),
        };
        db.prepare_cached(&format!(
            "{select} INDEXED BY {index}
             WHERE (updated_at, id) < (?1, ?2) AND updated_at >= ?3 AND messages >= ?4 {long} {failed} {rest}"
        ))
    }

    /// The parameters of `statement`, from below `after` on.
    pub(crate) fn params(&self, after: Cursor, limit: u64) -> impl Params {
        let from = storable(self.from.unwrap_or(0));
        (storable(after.updated_at), *after.id.as_uuid(), from, storable(self.min_messages), storable(limit))
    }
}
