//! What differs between the formats of the log's database: by what an event names its conversation. New logs have format 2; one of
//! format 1 stays what it is, and is read and written on.

use chat_schema::ConversationId;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

/// A format that this release reads and writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// An event has the id of its conversation.
    One,
    /// An event has the number of its conversation, see `schema.sql`.
    Two,
}

impl Format {
    /// Of logs that are made now. Raised when an older release could not read what this one writes.
    pub(super) const NEWEST: Self = Self::Two;

    /// The format with this number.
    pub(super) fn of_number(number: u32) -> Option<Self> {
        [Self::One, Self::Two].into_iter().find(|format| format.number() == number)
    }

    /// As the database has it.
    pub(super) const fn number(self) -> u32 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }

    /// The last event of the conversation ?1: what it is filed under, its version and its position. No row, or one without version and
    /// position: there is none.
    pub(super) const fn end(self) -> &'static str {
        match self {
            Self::One => {
                "SELECT conversation, version, position FROM event WHERE conversation = ?1 ORDER BY version DESC LIMIT 1"
            }
            Self::Two => {
                "SELECT number, version, position FROM conversation LEFT JOIN event ON conversation = number
                 WHERE id = ?1 ORDER BY version DESC LIMIT 1"
            }
        }
    }

    /// The events of the conversation ?1 above version ?2.
    pub(super) const fn events(self) -> &'static str {
        match self {
            Self::One => {
                "SELECT position, hash, bytes FROM event WHERE conversation = ?1 AND version > ?2 ORDER BY version"
            }
            Self::Two => {
                "SELECT position, hash, bytes FROM event
                 WHERE conversation = (SELECT number FROM conversation WHERE id = ?1) AND version > ?2 ORDER BY version"
            }
        }
    }

    /// At most ?2 events of the whole log after position ?1, as an auditor needs them: also one that is filed under no conversation.
    pub(super) const fn whole(self) -> &'static str {
        match self {
            Self::One => {
                "SELECT position, conversation, version, hash, bytes FROM event
                 WHERE position > ?1 ORDER BY position LIMIT ?2"
            }
            Self::Two => {
                "SELECT position, id, version, hash, bytes FROM event LEFT JOIN conversation ON number = conversation
                 WHERE position > ?1 ORDER BY position LIMIT ?2"
            }
        }
    }

    /// As [`whole`](Self::whole), of the conversation ?3.
    pub(super) const fn whole_of_one(self) -> &'static str {
        match self {
            Self::One => {
                "SELECT position, conversation, version, hash, bytes FROM event
                 WHERE conversation = ?3 AND position > ?1 ORDER BY position LIMIT ?2"
            }
            Self::Two => {
                "SELECT position, id, version, hash, bytes FROM conversation JOIN event ON conversation = number
                 WHERE id = ?3 AND position > ?1 ORDER BY position LIMIT ?2"
            }
        }
    }

    /// Begins a conversation that has no event yet; what its events are filed under.
    pub(super) fn begin(self, connection: &Connection, conversation: ConversationId) -> rusqlite::Result<Value> {
        let id = conversation.as_uuid().as_bytes();
        match self {
            Self::One => Ok(Value::Blob(id.to_vec())),
            Self::Two => {
                connection.prepare_cached("INSERT INTO conversation (id) VALUES (?1)")?.insert([id]).map(Value::Integer)
            }
        }
    }

    /// The conversation whose id follows, however many events the one before has.
    pub(super) fn next_conversation(
        self,
        connection: &Connection,
        after: Option<ConversationId>,
    ) -> rusqlite::Result<Option<ConversationId>> {
        let sql = match self {
            Self::One => "SELECT conversation FROM event WHERE conversation > ?1 ORDER BY conversation LIMIT 1",
            Self::Two => "SELECT id FROM conversation WHERE id > ?1 ORDER BY id LIMIT 1",
        };
        let after = after.as_ref().map_or(&[][..], |after| after.as_uuid().as_bytes());
        let next = connection.prepare_cached(sql)?.query_row([after], |row| row.get(0)).optional()?;
        Ok(next.map(|next| Uuid::from_bytes(next).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SQLite's plan: which tables and indexes it goes through.
    fn plan(connection: &Connection, sql: &str) -> String {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let count = statement.parameter_count();
        let rows = statement.query_map(rusqlite::params_from_iter(vec![0; count]), |row| row.get::<_, String>(3));
        rows.unwrap().map(Result::unwrap).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn nothing_is_sorted_or_looked_through_to_find_a_conversation_s_events() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("schema.sql")).unwrap();
        for sql in [Format::Two.end(), Format::Two.events(), Format::Two.whole(), Format::Two.whole_of_one()] {
            let plan = plan(&connection, sql);
            let sorts = plan.contains("B-TREE") && sql != Format::Two.whole_of_one();
            assert!(!sorts && !plan.contains("SCAN"), "{sql}: {plan}");
        }
    }
}
