//! Finds conversations by their messages, the newest match first. The index gives candidates in that order; each is looked
//! at until the page is full, so a page of a common word costs no more than that of a rare one, whose spans are all looked through.

use std::collections::HashSet;

use chat_schema::{ConversationPage, Snippet, Summary};
use rusqlite::{Connection, Row};

use super::index;
use super::query::Query;
use super::snippet::snippet;
use crate::columns;
use crate::conversation_list::{Filter, summary};
use crate::cursor::SearchCursor;
use crate::messages;

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
    let (settled, found) = (HashSet::new(), Vec::new());
    let mut search = Search { db, query, filter, after, limit: limit as usize, examined: 0, found, settled };
    let next = if query.is_empty() { None } else { search.run()? };
    Ok(ConversationPage {
        total: search.found.len() as u64,
        total_is_lower_bound: next.is_some() || after.is_some(),
        conversations: search.found.into_iter().map(|(_, summary)| summary).collect(),
        next_cursor: next.map(|message| SearchCursor { message }.to_string()),
    })
}

struct Search<'a> {
    db: &'a Connection,
    query: &'a Query,
    filter: &'a Filter,
    after: Option<SearchCursor>,
    limit: usize,
    /// Candidates looked at.
    examined: usize,
    /// What is on the page, each with the message it was found by.
    found: Vec<(i64, Summary)>,
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
    /// Fills the page, span by span; where the next one goes on if there may be one.
    fn run(&mut self) -> rusqlite::Result<Option<i64>> {
        let mut before = self.after.map_or(i64::MAX, |after| after.message);
        // Spans of which nothing is left are passed over.
        while let Some(newest) = messages::newest_before(self.db, before)? {
            let span = index::span(newest);
            if let Some(next) = self.look_through(span, before)? {
                return Ok(Some(next));
            }
            before = index::first_of(span);
        }
        Ok(None)
    }

    /// Looks at the candidates of a span that stand before `before`; where to go on if the page is full.
    fn look_through(&mut self, span: i64, before: i64) -> rusqlite::Result<Option<i64>> {
        let mut candidates = self.db.prepare_cached(NEWEST_FIRST)?;
        let expression = self.query.index_expression(&index::prefix(span));
        let mut rows = candidates.query((expression, before, (CANDIDATES - self.examined) as i64))?;
        while let Some(row) = rows.next()? {
            let message: i64 = row.get(0)?;
            self.examined += 1;
            if let Some(summary) = self.first_match(message)? {
                if self.found.len() == self.limit {
                    return Ok(self.found.last().map(|(message, _)| *message));
                }
                self.found.push((message, summary));
            }
            if self.examined == CANDIDATES {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

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
