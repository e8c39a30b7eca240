//! One conversation while a batch of events is applied: loaded once, changed in memory, written back once. An event is
//! then an insert for its message and little more, however often it touches its conversation.

use chat_schema::{ConversationId, MessageId, OwnerId, SessionId};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::columns::{self, storable};

pub(crate) const SCHEMA: &str = "
    CREATE TABLE conversation (
        number     INTEGER PRIMARY KEY,
        id         BLOB    NOT NULL UNIQUE,
        -- Of the last event applied. Outlives the conversation's rows: an erased conversation's events stay seen.
        version    INTEGER NOT NULL,
        -- The process that answers, while a turn is open.
        owner      BLOB,
        -- NULL until the first message and after an erasure, like the two times and the newest message.
        session    TEXT,
        created_at INTEGER,
        updated_at INTEGER,
        newest     INTEGER,
        messages   INTEGER NOT NULL,
        failed     INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX conversation_by_update ON conversation (updated_at, id, messages, failed);
    CREATE INDEX conversation_failed ON conversation (updated_at, id, messages, failed) WHERE failed > 0;
    -- Few are that long: a list of them alone does not look through all the others.
    CREATE INDEX conversation_long ON conversation (updated_at, id, messages, failed) WHERE messages >= 10;
    CREATE INDEX conversation_open ON conversation (owner) WHERE owner IS NOT NULL;

    -- One row.
    CREATE TABLE conversation_count (total INTEGER NOT NULL) STRICT;
    INSERT INTO conversation_count VALUES (0);
";

/// A conversation, as its row is or will be.
#[derive(Debug, Clone)]
pub(crate) struct Conversation {
    pub(crate) number: i64,
    pub(crate) id: ConversationId,
    pub(crate) version: u64,
    pub(crate) owner: Option<OwnerId>,
    /// What there is to list; `None` before the first message and after an erasure.
    pub(crate) content: Option<Content>,
    /// The question asked last, if it was asked in this batch.
    pub(crate) latest: Option<Question>,
    /// Whether an event changed it.
    pub(crate) changed: bool,
    stored: bool,
}

/// What a conversation has once something was said in it.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) session: SessionId,
    pub(crate) created_at: u64,
    pub(crate) updated_at: u64,
    /// Number of the newest message.
    pub(crate) newest: i64,
    pub(crate) messages: u64,
    /// Questions whose last attempt at an answer failed.
    pub(crate) failed: u64,
}

/// A visitor's message.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) message_id: MessageId,
    pub(crate) number: i64,
    pub(crate) turn: u64,
    pub(crate) failed: bool,
}

impl Conversation {
    /// One of which no event was applied yet.
    pub(crate) fn unseen(number: i64, id: ConversationId) -> Self {
        Self { number, id, version: 0, owner: None, content: None, latest: None, changed: false, stored: false }
    }

    pub(crate) fn load(db: &Connection, id: ConversationId) -> rusqlite::Result<Option<Self>> {
        db.prepare_cached("SELECT * FROM conversation WHERE id = ?1")?
            .query_row([id.as_uuid()], Self::from_row)
            .optional()
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let content = match row.get::<_, Option<i64>>("newest")? {
            None => None,
            Some(newest) => Some(Content {
                session: columns::text(row, "session")?,
                created_at: row.get("created_at")?,
                updated_at: row.get("updated_at")?,
                newest,
                messages: row.get("messages")?,
                failed: row.get("failed")?,
            }),
        };
        Ok(Self {
            number: row.get("number")?,
            id: columns::id(row, "id")?,
            version: row.get("version")?,
            owner: row.get::<_, Option<uuid::Uuid>>("owner")?.map(OwnerId::from),
            content,
            latest: None,
            changed: false,
            stored: true,
        })
    }

    pub(crate) fn save(&self, db: &Connection) -> rusqlite::Result<()> {
        let sql = if self.stored {
            "UPDATE conversation SET version = ?3, owner = ?4, session = ?5, created_at = ?6, updated_at = ?7, newest = ?8,
             messages = ?9, failed = ?10 WHERE number = ?1 AND id = ?2"
        } else {
            "INSERT INTO conversation VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
        };
        let content = self.content.as_ref();
        db.prepare_cached(sql)?.execute((
            self.number,
            self.id.as_uuid(),
            storable(self.version),
            self.owner.as_ref().map(OwnerId::as_uuid),
            content.map(|content| content.session.as_str()),
            content.map(|content| storable(content.created_at)),
            content.map(|content| storable(content.updated_at)),
            content.map(|content| content.newest),
            content.map_or(0, |content| storable(content.messages)),
            content.map_or(0, |content| storable(content.failed)),
        ))?;
        Ok(())
    }
}

/// The number of the next conversation that is new here.
pub(crate) fn next_number(db: &Connection) -> rusqlite::Result<i64> {
    db.prepare_cached("SELECT coalesce(max(number), 0) + 1 FROM conversation")?.query_row((), |row| row.get(0))
}

/// Counting up and down is safe only because an event that was seen before never gets here (`versions.rs`).
pub(crate) fn count(db: &Connection, change: i64) -> rusqlite::Result<()> {
    if change != 0 {
        db.prepare_cached("UPDATE conversation_count SET total = total + ?1")?.execute([change])?;
    }
    Ok(())
}

/// The conversations with a turn that is being answered, or whose process died doing so. Few at any time.
pub(crate) fn open_turns(db: &Connection) -> rusqlite::Result<Vec<(ConversationId, OwnerId)>> {
    db.prepare_cached("SELECT id, owner FROM conversation INDEXED BY conversation_open WHERE owner IS NOT NULL")?
        .query_map((), |row| Ok((columns::id(row, "id")?, columns::id(row, "owner")?)))?
        .collect()
}
