//! Threads: the messages of every conversation, turn by turn. A turn's number is the version of the visitor's message,
//! so an answer stands under its question however late it came.

use chat_schema::{ConversationId, Envelope, Event, Message, MessageId, MessageStatus, Rating, Role};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::columns::{self, storable};

pub(crate) const SCHEMA: &str = "
    CREATE TABLE message (
        conversation BLOB    NOT NULL,
        turn         INTEGER NOT NULL,
        is_answer    INTEGER NOT NULL,
        id           BLOB    NOT NULL,
        -- The client's name for the visitor's message; an answer has none of its own.
        message_id   TEXT,
        content      TEXT    NOT NULL,
        created_at   INTEGER NOT NULL,
        status       TEXT    NOT NULL CHECK (status IN ('complete', 'stopped', 'failed')),
        rating       TEXT    CHECK (rating IN ('up', 'down')),
        UNIQUE (conversation, turn, is_answer)
    ) STRICT;
    CREATE INDEX message_by_message_id ON message (conversation, message_id, turn) WHERE message_id IS NOT NULL;
";

const THREAD: &str = "
    SELECT id, is_answer, content, created_at, status, rating FROM message
    WHERE conversation = ?1 ORDER BY turn, is_answer";

/// As in JSON.
const STATUSES: [(MessageStatus, &str); 3] =
    [(MessageStatus::Complete, "complete"), (MessageStatus::Stopped, "stopped"), (MessageStatus::Failed, "failed")];

/// As in JSON.
const RATINGS: [(Rating, &str); 2] = [(Rating::Up, "up"), (Rating::Down, "down")];

pub(crate) fn apply(db: &Connection, envelope: &Envelope) -> rusqlite::Result<()> {
    let conversation = envelope.conversation_id;
    match &envelope.event {
        Event::UserMessaged { message_id, content, .. } => ask(db, envelope, message_id, content),
        Event::AssistantReplied { in_reply_to, content, .. } => {
            answer(db, envelope, in_reply_to, content, MessageStatus::Complete)
        }
        Event::ReplyStopped { in_reply_to, content } => {
            answer(db, envelope, in_reply_to, content, MessageStatus::Stopped)
        }
        Event::ReplyFailed { in_reply_to, .. } => match turn(db, conversation, in_reply_to)? {
            Some(turn) => set_question_status(db, conversation, turn, MessageStatus::Failed),
            None => Ok(()),
        },
        Event::MessageRated { message_id, rating } => rate(db, conversation, message_id, *rating),
        Event::ConversationErased { .. } => delete(db, conversation),
        // The last attempt that ended is still the one that failed.
        Event::ReplyStarted { .. } => Ok(()),
    }
}

fn ask(db: &Connection, envelope: &Envelope, message_id: &MessageId, content: &str) -> rusqlite::Result<()> {
    insert(db, envelope, envelope.version, Some(message_id), content, MessageStatus::Complete)
}

/// Ends a turn. An answer stopped before its first token leaves no message.
fn answer(
    db: &Connection,
    envelope: &Envelope,
    in_reply_to: &MessageId,
    content: &str,
    status: MessageStatus,
) -> rusqlite::Result<()> {
    let Some(turn) = turn(db, envelope.conversation_id, in_reply_to)? else {
        return Ok(());
    };
    set_question_status(db, envelope.conversation_id, turn, MessageStatus::Complete)?;
    if content.is_empty() && status == MessageStatus::Stopped {
        return Ok(());
    }
    insert(db, envelope, turn, None, content, status)
}

fn insert(
    db: &Connection,
    envelope: &Envelope,
    turn: u64,
    message_id: Option<&MessageId>,
    content: &str,
    status: MessageStatus,
) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT OR REPLACE INTO message VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL)")?.execute((
        envelope.conversation_id.as_uuid(),
        storable(turn),
        message_id.is_none(),
        envelope.id.as_uuid(),
        message_id.map(MessageId::as_str),
        content,
        storable(envelope.recorded_at),
        columns::name(status, &STATUSES),
    ))?;
    Ok(())
}

/// The turn a visitor's message began.
fn turn(db: &Connection, conversation: ConversationId, message_id: &MessageId) -> rusqlite::Result<Option<u64>> {
    db.prepare_cached(
        "SELECT turn FROM message WHERE conversation = ?1 AND message_id = ?2 ORDER BY turn DESC LIMIT 1",
    )?
    .query_row((conversation.as_uuid(), message_id.as_str()), |row| row.get(0))
    .optional()
}

fn set_question_status(
    db: &Connection,
    conversation: ConversationId,
    turn: u64,
    status: MessageStatus,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE message SET status = ?3 WHERE conversation = ?1 AND turn = ?2 AND is_answer = 0 AND status <> ?3",
    )?
    .execute((conversation.as_uuid(), storable(turn), columns::name(status, &STATUSES)))?;
    Ok(())
}

fn rate(
    db: &Connection,
    conversation: ConversationId,
    message_id: &MessageId,
    rating: Option<Rating>,
) -> rusqlite::Result<()> {
    if let Some(turn) = turn(db, conversation, message_id)? {
        db.prepare_cached("UPDATE message SET rating = ?3 WHERE conversation = ?1 AND turn = ?2 AND is_answer = 1")?
            .execute((conversation.as_uuid(), storable(turn), rating.map(|rating| columns::name(rating, &RATINGS))))?;
    }
    Ok(())
}

fn delete(db: &Connection, conversation: ConversationId) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM message WHERE conversation = ?1")?.execute([conversation.as_uuid()])?;
    Ok(())
}

pub(crate) fn clear(db: &Connection) -> rusqlite::Result<()> {
    db.execute("DELETE FROM message", ())?;
    Ok(())
}

/// The messages of a conversation, oldest turn first.
pub(crate) fn messages(db: &Connection, conversation: ConversationId) -> rusqlite::Result<Vec<Message>> {
    db.prepare_cached(THREAD)?.query_map([conversation.as_uuid()], |row| message_of(conversation, row))?.collect()
}

fn message_of(conversation_id: ConversationId, row: &Row<'_>) -> rusqlite::Result<Message> {
    let created_at = row.get("created_at")?;
    Ok(Message {
        id: columns::id(row, "id")?,
        creation_time: created_at,
        conversation_id,
        role: if row.get("is_answer")? { Role::Assistant } else { Role::User },
        content: row.get("content")?,
        created_at,
        status: columns::named(row, "status", &STATUSES)?,
        rating: row.get::<_, Option<String>>("rating")?.map(|_| columns::named(row, "rating", &RATINGS)).transpose()?,
    })
}
