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
    pub(super) const fn select_end(self) -> &'static str {
        match self {
            Self::One => {
                "SELECT conversation, version, position FROM event WHERE conversation = ?1 ORDER BY version DESC LIMIT 1"
            }
            Self::Two => {
                "SELECT number, version, position FROM conversation LEFT JOIN event ON event.conversation = number
                 WHERE id = ?1 ORDER BY version DESC LIMIT 1"
            }
        }
    }

    /// The events of the conversation ?1 above version ?2.
    pub(super) const fn select_events(self) -> &'static str {
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
    pub(super) const fn select_log(self) -> &'static str {
        match self {
            Self::One => {
                "SELECT position, conversation, version, hash, bytes FROM event
                 WHERE position > ?1 ORDER BY position LIMIT ?2"
            }
            Self::Two => {
                "SELECT position, id, version, hash, bytes FROM event LEFT JOIN conversation ON number = event.conversation
                 WHERE position > ?1 ORDER BY position LIMIT ?2"
            }
        }
    }

    /// As [`select_log`](Self::select_log), of the conversation ?3.
    pub(super) const fn select_log_of_one(self) -> &'static str {
        match self {
            Self::One => {
                "SELECT position, conversation, version, hash, bytes FROM event
                 WHERE conversation = ?3 AND position > ?1 ORDER BY position LIMIT ?2"
            }
            Self::Two => {
                "SELECT position, id, version, hash, bytes FROM conversation JOIN event ON event.conversation = number
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
                // Beyond those of events whose conversation was lost, which would be mixed with others.
                let sql = "INSERT INTO conversation (id, number) VALUES (?1, 1 + max(
                               (SELECT coalesce(max(number), 0) FROM conversation),
                               (SELECT coalesce(max(conversation), 0) FROM event)))";
                connection.prepare_cached(sql)?.insert([id]).map(Value::Integer)
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
    fn every_statement_finds_its_rows_by_an_index() {
        const OF_ONE: [&str; 2] =
            ["sqlite_autoindex_conversation_1 (id=?)", "sqlite_autoindex_event_1 (conversation=?"];
        const BY_NUMBER: [&str; 2] = ["event USING INTEGER PRIMARY KEY", "conversation USING INTEGER PRIMARY KEY"];
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("schema.sql")).unwrap();
        for (sql, parts) in [
            (Format::Two.select_end(), OF_ONE),
            (Format::Two.select_events(), OF_ONE),
            (Format::Two.select_log(), BY_NUMBER),
            (Format::Two.select_log_of_one(), OF_ONE),
        ] {
            let plan = plan(&connection, sql);
            assert!(parts.iter().all(|part| plan.contains(part)) && !plan.contains("SCAN"), "{sql}: {plan}");
            assert!(!plan.contains("B-TREE") || sql == Format::Two.select_log_of_one(), "{sql}: {plan}");
        }
    }

    #[test]
    fn a_number_of_events_whose_conversation_is_lost_is_given_to_no_other() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("schema.sql")).unwrap();
        let begin = || Format::Two.begin(&connection, Uuid::new_v4().into()).unwrap();
        assert_eq!([begin(), begin()], [Value::Integer(1), Value::Integer(2)]);
        let lost = "INSERT INTO event (conversation, version, hash, bytes) VALUES (2, 1, zeroblob(32), x'');
                    DELETE FROM conversation WHERE number = 2";
        connection.execute_batch(lost).unwrap();
        assert_eq!([begin(), begin()], [Value::Integer(3), Value::Integer(4)]);
    }
}
