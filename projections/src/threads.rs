//! Threads, as operators read them: the messages of a conversation, turn by turn.

use chat_schema::{ConversationId, Message, Role};
use rusqlite::{Connection, Row};

use crate::columns::{self, storable};
use crate::cursor::ThreadCursor;
use crate::messages::{RATINGS, STATUSES};

const THREAD: &str = "
    SELECT id, turn, is_answer, content, created_at, status, rating FROM message
    WHERE conversation = ?1 AND (turn, is_answer) > (?2, ?3) ORDER BY turn, is_answer LIMIT ?4";

/// The messages of a conversation after `after`, oldest turn first, `limit` at most, and where to go on if there are more.
pub(crate) fn messages(
    db: &Connection,
    conversation: (i64, ConversationId),
    limit: Option<u32>,
    after: Option<ThreadCursor>,
) -> rusqlite::Result<(Vec<Message>, Option<ThreadCursor>)> {
    let (number, id) = conversation;
    let (turn, is_answer) = after.map_or((0, false), |after| (after.turn, after.is_answer));
    let limit = limit.map_or(usize::MAX, |limit| limit as usize);
    let one_more = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
    let mut messages = db
        .prepare_cached(THREAD)?
        .query_map((number, storable(turn), is_answer, one_more), |row| message_of(id, row))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let more = messages.len() > limit;
    messages.truncate(limit);
    let next = messages.last().filter(|_| more).map(|(_, place)| *place);
    Ok((messages.into_iter().map(|(message, _)| message).collect(), next))
}

fn message_of(conversation_id: ConversationId, row: &Row<'_>) -> rusqlite::Result<(Message, ThreadCursor)> {
    let created_at = row.get("created_at")?;
    let role = columns::role(row, "is_answer")?;
    let message = Message {
        id: columns::id(row, "id")?,
        creation_time: created_at,
        conversation_id,
        role,
        content: row.get("content")?,
        created_at,
        status: columns::named(row, "status", &STATUSES)?,
        rating: row.get::<_, Option<String>>("rating")?.map(|_| columns::named(row, "rating", &RATINGS)).transpose()?,
    };
    Ok((message, ThreadCursor { turn: row.get("turn")?, is_answer: role == Role::Assistant }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_found_by_the_index_without_sorting() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(crate::messages::SCHEMA).unwrap();
        let plan: String =
            db.query_row(&format!("EXPLAIN QUERY PLAN {THREAD}"), (1, 2, 0, 3), |row| row.get("detail")).unwrap();
        assert!(
            plan.starts_with("SEARCH message USING INDEX") && plan.contains("conversation=? AND (turn,is_answer)>"),
            "{plan}"
        );
    }
}
