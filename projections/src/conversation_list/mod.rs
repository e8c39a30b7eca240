//! The conversation list, newest message first. A page costs what the page holds, however many conversations there are.

mod filter;

use chat_schema::{ConversationId, ConversationPage, Summary};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};

pub use self::filter::Filter;
use crate::columns;
use crate::cursor::Cursor;

/// Length of `lastMessage`, in Unicode scalar values.
const LAST_MESSAGE_CHARS: usize = 500;

/// A filtered list is counted no further.
const COUNTED: u64 = 10_000;

/// The `limit` conversations after `after`, or the first ones.
pub(crate) fn page(
    db: &Connection,
    filter: &Filter,
    limit: u32,
    after: Option<Cursor>,
) -> rusqlite::Result<ConversationPage> {
    let after = after.map_or(filter.top(), |after| filter.top().min(after));
    // One more than asked for tells whether there is another page.
    let mut conversations = filter
        .statement(db, "SELECT number FROM conversation", "ORDER BY updated_at DESC, id DESC LIMIT ?5")?
        .query_map(filter.params(after, u64::from(limit) + 1), |row| row.get(0))?
        .filter_map(|number| number.and_then(|number| summary(db, number)).transpose())
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let more = conversations.len() > limit as usize;
    conversations.truncate(limit as usize);
    let next = conversations.last().filter(|_| more);
    let next_cursor = next.map(|last| Cursor { updated_at: last.updated_at, id: last.id }.to_string());
    let (total, total_is_lower_bound) = total(db, filter)?;
    Ok(ConversationPage { conversations, total, total_is_lower_bound, next_cursor })
}

/// How many there are on all pages, and whether there may be more.
fn total(db: &Connection, filter: &Filter) -> rusqlite::Result<(u64, bool)> {
    if filter.admits_all() {
        let total = db.prepare_cached("SELECT total FROM conversation_count")?.query_row((), |row| row.get(0))?;
        return Ok((total, false));
    }
    let counted = filter
        .statement(db, "SELECT count(*) FROM (SELECT 1 FROM conversation", "LIMIT ?5)")?
        .query_row(filter.params(filter.top(), COUNTED + 1), |row| row.get::<_, u64>(0))?;
    Ok((counted.min(COUNTED), counted > COUNTED))
}

/// The number of a conversation something was said in.
pub(crate) fn number(db: &Connection, id: ConversationId) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached("SELECT number FROM conversation WHERE id = ?1 AND newest IS NOT NULL")?
        .query_row([id.as_uuid()], |row| row.get(0))
        .optional()
}

/// A conversation as the list shows it.
pub(crate) fn summary(db: &Connection, number: i64) -> rusqlite::Result<Option<Summary>> {
    let sql = "SELECT conversation.id, session, conversation.created_at, updated_at, messages, failed, owner, content
               FROM conversation JOIN message ON message.number = newest WHERE conversation.number = ?1";
    db.prepare_cached(sql)?.query_row([number], summary_of).optional()
}

fn summary_of(row: &Row<'_>) -> rusqlite::Result<Summary> {
    let created_at = row.get("created_at")?;
    Ok(Summary {
        id: columns::id(row, "id")?,
        creation_time: created_at,
        session_id: columns::text(row, "session")?,
        created_at,
        updated_at: row.get("updated_at")?,
        // SQLite's own functions end a text at a NUL.
        last_message: beginning(row.get_ref("content")?.as_str()?).to_owned(),
        messages: row.get("messages")?,
        failed: row.get::<_, u64>("failed")? > 0,
        answering: row.get_ref("owner")? != ValueRef::Null,
        snippet: None,
    })
}

fn beginning(content: &str) -> &str {
    content.char_indices().nth(LAST_MESSAGE_CHARS).map_or(content, |(end, _)| &content[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::SCHEMA;

    fn plan(filter: &Filter) -> Vec<String> {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA).unwrap();
        let explain = "EXPLAIN QUERY PLAN SELECT number FROM conversation";
        let mut statement = filter.statement(&db, explain, "ORDER BY updated_at DESC, id DESC LIMIT ?5").unwrap();
        let details = statement.query_map(filter.params(filter.top(), 100), |row| row.get("detail")).unwrap();
        details.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn the_beginning_is_counted_in_scalar_values() {
        assert_eq!(beginning(&"\u{1F980}".repeat(501)), "\u{1F980}".repeat(500));
        assert_eq!(beginning(&"x".repeat(500)), "x".repeat(500));
        assert_eq!(beginning(""), "");
    }

    #[test]
    fn a_page_is_found_by_an_index_alone_without_sorting() {
        let all = "SEARCH conversation USING COVERING INDEX conversation_by_update";
        let failed = "SEARCH conversation USING COVERING INDEX conversation_failed";
        let long = "SEARCH conversation USING COVERING INDEX conversation_long";
        let with = |failed, min_messages| Filter { failed, min_messages, from: Some(5), to: Some(9) };
        for (filter, index) in [
            (Filter::default(), all),
            (with(None, 3), all),
            (with(None, 10), long),
            (with(Some(false), 50), long),
            (with(Some(false), 0), all),
            (with(Some(true), 3), failed),
        ] {
            let plan = plan(&filter);
            assert!(plan.len() == 1 && plan[0].starts_with(index), "{filter:?}: {plan:?}");
        }
    }
}
