//! The messages of every conversation. A message's number is its event's position in the log, so that a replay gives the same; its turn
//! is the version of the visitor's message, so an answer stands under its question however late it came.

use chat_schema::{MessageId, MessageStatus, Rating, Timings, Usage};
use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

use crate::columns::{self, storable};
use crate::conversation::Question;

pub(crate) const SCHEMA: &str = "
    CREATE TABLE message (
        number            INTEGER PRIMARY KEY,
        conversation      INTEGER NOT NULL,
        turn              INTEGER NOT NULL,
        is_answer         INTEGER NOT NULL,
        id                BLOB    NOT NULL,
        created_at        INTEGER NOT NULL,
        -- Not `IN`: SQLite would build a table of the three for every row.
        status            TEXT    NOT NULL CHECK (status = 'complete' OR status = 'stopped' OR status = 'failed'),
        -- The client's name for the visitor's message; an answer has none of its own.
        message_id        TEXT,
        rating            TEXT    CHECK (rating IN ('up', 'down')),
        prompt_tokens     INTEGER,
        completion_tokens INTEGER,
        first_token_ms    INTEGER,
        total_ms          INTEGER,
        content           TEXT    NOT NULL,
        UNIQUE (conversation, turn, is_answer)
    ) STRICT;
";

/// As in JSON.
pub(crate) const STATUSES: [(MessageStatus, &str); 3] =
    [(MessageStatus::Complete, "complete"), (MessageStatus::Stopped, "stopped"), (MessageStatus::Failed, "failed")];

/// As in JSON.
pub(crate) const RATINGS: [(Rating, &str); 2] = [(Rating::Up, "up"), (Rating::Down, "down")];

/// A message to be stored.
pub(crate) struct NewMessage<'a> {
    pub(crate) number: i64,
    pub(crate) conversation: i64,
    pub(crate) turn: u64,
    /// `None` on an answer.
    pub(crate) message_id: Option<&'a MessageId>,
    /// Of its event.
    pub(crate) id: &'a Uuid,
    pub(crate) created_at: u64,
    pub(crate) status: MessageStatus,
    pub(crate) usage: Option<Usage>,
    pub(crate) timings: Option<Timings>,
    pub(crate) content: &'a str,
}

/// A message that goes, with what was counted and indexed for it.
pub(crate) struct OldMessage {
    pub(crate) number: i64,
    pub(crate) is_answer: bool,
    pub(crate) created_at: u64,
    pub(crate) usage: Option<Usage>,
    pub(crate) timings: Option<Timings>,
    pub(crate) content: String,
}

/// The newest message that stands before `number`.
pub(crate) fn newest_before(db: &Connection, number: i64) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached("SELECT max(number) FROM message WHERE number < ?1")?.query_row([number], |row| row.get(0))
}

/// Stores the message; false if its place in the thread is taken.
pub(crate) fn insert(db: &Connection, message: &NewMessage<'_>) -> rusqlite::Result<bool> {
    let sql = "INSERT INTO message VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL, ?9, ?10, ?11, ?12, ?13)
               ON CONFLICT (conversation, turn, is_answer) DO NOTHING";
    let inserted = db.prepare_cached(sql)?.execute(rusqlite::params![
        message.number,
        message.conversation,
        storable(message.turn),
        message.message_id.is_none(),
        message.id,
        storable(message.created_at),
        columns::name(message.status, &STATUSES),
        message.message_id.map(MessageId::as_str),
        message.usage.map(|usage| storable(usage.prompt_tokens)),
        message.usage.map(|usage| storable(usage.completion_tokens)),
        message.timings.map(|timings| storable(timings.first_token_ms)),
        message.timings.map(|timings| storable(timings.total_ms)),
        message.content,
    ])?;
    Ok(inserted > 0)
}

/// The newest question of that name.
pub(crate) fn question(
    db: &Connection,
    conversation: i64,
    message_id: &MessageId,
) -> rusqlite::Result<Option<Question>> {
    let sql = "SELECT number, turn, status FROM message WHERE conversation = ?1 AND message_id = ?2
               ORDER BY turn DESC LIMIT 1";
    db.prepare_cached(sql)?
        .query_row((conversation, message_id.as_str()), |row| {
            let status = columns::named(row, "status", &STATUSES)?;
            Ok(Question {
                message_id: message_id.clone(),
                number: row.get("number")?,
                turn: row.get("turn")?,
                failed: status == MessageStatus::Failed,
            })
        })
        .optional()
}

pub(crate) fn set_status(db: &Connection, number: i64, status: MessageStatus) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE message SET status = ?2 WHERE number = ?1")?
        .execute((number, columns::name(status, &STATUSES)))?;
    Ok(())
}

/// Rates the answer of a turn, if there is one.
pub(crate) fn rate(db: &Connection, conversation: i64, turn: u64, rating: Option<Rating>) -> rusqlite::Result<()> {
    let sql = "UPDATE message SET rating = ?3 WHERE conversation = ?1 AND turn = ?2 AND is_answer = 1";
    let rating = rating.map(|rating| columns::name(rating, &RATINGS));
    db.prepare_cached(sql)?.execute((conversation, storable(turn), rating))?;
    Ok(())
}

/// Takes the answer of a turn away.
pub(crate) fn take_answer(db: &Connection, conversation: i64, turn: u64) -> rusqlite::Result<Option<OldMessage>> {
    let sql = "DELETE FROM message WHERE conversation = ?1 AND turn = ?2 AND is_answer = 1 RETURNING *";
    db.prepare_cached(sql)?.query_row((conversation, storable(turn)), OldMessage::from_row).optional()
}

/// Takes all messages of a conversation away.
pub(crate) fn take_all(db: &Connection, conversation: i64) -> rusqlite::Result<Vec<OldMessage>> {
    db.prepare_cached("DELETE FROM message WHERE conversation = ?1 RETURNING *")?
        .query_map([conversation], OldMessage::from_row)?
        .collect()
}

impl OldMessage {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (prompt_tokens, first_token_ms): (Option<u64>, Option<u64>) =
            (row.get("prompt_tokens")?, row.get("first_token_ms")?);
        let (completion_tokens, total_ms): (Option<u64>, Option<u64>) =
            (row.get("completion_tokens")?, row.get("total_ms")?);
        Ok(Self {
            number: row.get("number")?,
            is_answer: row.get("is_answer")?,
            created_at: row.get("created_at")?,
            usage: prompt_tokens
                .zip(completion_tokens)
                .map(|(prompt_tokens, completion_tokens)| Usage { prompt_tokens, completion_tokens }),
            timings: first_token_ms
                .zip(total_ms)
                .map(|(first_token_ms, total_ms)| Timings { first_token_ms, total_ms }),
            content: row.get("content")?,
        })
    }
}
