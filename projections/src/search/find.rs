//! Finds conversations by their messages, the newest match first. The index gives candidates in that order; each is looked
//! at until the page is full, so a page of a common word costs no more than that of a rare one.

use std::collections::HashSet;

use chat_schema::{ConversationPage, Snippet, Summary};
use rusqlite::{Connection, Row};

use super::query::Query;
use super::snippet::snippet;
use crate::columns;
use crate::conversation_list::{Filter, summary};
use crate::cursor::SearchCursor;

/// Messages looked at for one page. Beyond it the page is returned as it is, with a cursor to go on from.
const CANDIDATES: usize = 5000;

const NEWEST_FIRST: &str = "
    SELECT rowid FROM message_words WHERE message_words MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC LIMIT ?3";

/// The `limit` conversations after `after` that `filter` lets through and that have a message `query` finds.
pub(crate) fn find(
    db: &Connection,
    query: &Query,
    filter: &Filter,
    limit: u32,
    after: Option<SearchCursor>,
) -> rusqlite::Result<ConversationPage> {
    let mut search = Search { db, query, filter, after, settled: HashSet::new() };
    let mut found: Vec<(i64, Summary)> = Vec::new();
    let mut next = None;
    if !query.is_empty() {
        let mut candidates = db.prepare_cached(NEWEST_FIRST)?;
        let before = after.map_or(i64::MAX, |after| after.message);
        let mut rows = candidates.query((query.index_expression(), before, CANDIDATES as i64))?;
        let mut examined = 0;
        while let Some(row) = rows.next()? {
            let message: i64 = row.get(0)?;
            examined += 1;
            let Some(summary) = search.first_match(message)? else {
                next = (examined == CANDIDATES).then_some(message);
                continue;
            };
            if found.len() == limit as usize {
                next = found.last().map(|(message, _)| *message);
                break;
            }
            found.push((message, summary));
            next = (examined == CANDIDATES).then_some(message);
        }
    }
    Ok(ConversationPage {
        total: found.len() as u64,
        total_is_lower_bound: next.is_some() || after.is_some(),
        conversations: found.into_iter().map(|(_, summary)| summary).collect(),
        next_cursor: next.map(|message| SearchCursor { message }.to_string()),
    })
}

struct Search<'a> {
    db: &'a Connection,
    query: &'a Query,
    filter: &'a Filter,
    after: Option<SearchCursor>,
    /// Conversations that are found already, or never will be.
    settled: HashSet<i64>,
}

/// A message that may be found.
struct Candidate {
    conversation: i64,
    content: String,
    snippet: Snippet,
}

impl Search<'_> {
    /// The conversation of `message`, if this is its newest message that is found.
    fn first_match(&mut self, message: i64) -> rusqlite::Result<Option<Summary>> {
        let conversation = self
            .db
            .prepare_cached("SELECT conversation FROM message WHERE number = ?1")?
            .query_row([message], |row| row.get(0))?;
        if self.settled.contains(&conversation) {
            return Ok(None);
        }
        let candidate = self.candidate(message)?;
        let Some(hits) = self.query.hits(&candidate.content) else {
            return Ok(None);
        };
        self.settled.insert(conversation);
        let Some(mut summary) = summary(self.db, candidate.conversation)? else {
            return Ok(None);
        };
        if !self.filter.admits(&summary) || self.was_on_a_page_before(conversation)? {
            return Ok(None);
        }
        summary.snippet = Some(Snippet { parts: snippet(&candidate.content, &hits), ..candidate.snippet });
        Ok(Some(summary))
    }

    fn candidate(&self, message: i64) -> rusqlite::Result<Candidate> {
        let sql = "SELECT conversation, id, is_answer, created_at, content FROM message WHERE number = ?1";
        self.db.prepare_cached(sql)?.query_row([message], |row: &Row<'_>| {
            let snippet = Snippet {
                message_id: columns::id(row, "id")?,
                role: columns::role(row, "is_answer")?,
                created_at: row.get("created_at")?,
                parts: Vec::new(),
            };
            Ok(Candidate { conversation: row.get("conversation")?, content: row.get("content")?, snippet })
        })
    }

    /// Whether it has a newer message that is found: then it was shown for that.
    fn was_on_a_page_before(&self, conversation: i64) -> rusqlite::Result<bool> {
        let Some(after) = self.after else {
            return Ok(false);
        };
        let sql = "SELECT content FROM message WHERE conversation = ?1 AND number >= ?2";
        let mut newer = self.db.prepare_cached(sql)?;
        let mut rows = newer.query((conversation, after.message))?;
        while let Some(row) = rows.next()? {
            if self.query.hits(row.get_ref(0)?.as_str()?).is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
