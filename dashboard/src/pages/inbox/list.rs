//! The rows that are loaded, newest first, and what becomes of them when something happens.

use chat_schema::{ConversationId, ConversationPage, Summary};

/// The rows that are loaded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct List {
    pub(super) rows: Vec<Summary>,
    pub(super) next_cursor: Option<String>,
    pub(super) total: u64,
    pub(super) total_is_lower_bound: bool,
    /// When the youngest conversation began that is counted in `total`.
    youngest: u64,
}

/// Where a row was and is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Move {
    /// `None`: it is new here.
    pub(super) from: Option<usize>,
    pub(super) to: usize,
}

impl List {
    /// The first page.
    pub(super) fn of(page: ConversationPage) -> Self {
        let mut list = Self {
            rows: page.conversations,
            next_cursor: page.next_cursor,
            total: page.total,
            total_is_lower_bound: page.total_is_lower_bound,
            youngest: 0,
        };
        list.youngest = list.rows.iter().map(|row| row.created_at).max().unwrap_or(0);
        list
    }

    /// The next page. What moved up meanwhile is there already.
    pub(super) fn append(&mut self, page: ConversationPage) {
        let known = self.rows.len();
        for summary in page.conversations {
            if !self.rows[..known].iter().any(|row| row.id == summary.id) {
                self.rows.push(summary);
            }
        }
        self.next_cursor = page.next_cursor;
        self.youngest = self.rows.iter().map(|row| row.created_at).max().unwrap_or(0).max(self.youngest);
        // A search counts page by page.
        self.total = self.total.max(page.total).max(self.rows.len() as u64);
        self.total_is_lower_bound = page.total_is_lower_bound;
    }

    /// A conversation is new or changed: its row goes where its time says. `None`: that is among the rows that are not loaded.
    pub(super) fn change(&mut self, summary: Summary) -> Option<Move> {
        let from = self.rows.iter().position(|row| row.id == summary.id);
        if let Some(at) = from {
            self.rows.remove(at);
        } else if summary.created_at > self.youngest {
            self.youngest = summary.created_at;
            self.total += 1;
        }
        let to = self.rows.partition_point(|row| row.updated_at > summary.updated_at);
        if from.is_none() && to == self.rows.len() && self.next_cursor.is_some() {
            return None;
        }
        self.rows.insert(to, summary);
        Some(Move { from, to })
    }

    /// A row that is shown changed; in a search or filter the order is not the time's.
    pub(super) fn update(&mut self, mut summary: Summary) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.id == summary.id) {
            summary.snippet = row.snippet.take();
            *row = summary;
        }
    }

    /// A conversation is gone; where it was.
    pub(super) fn erase(&mut self, id: ConversationId) -> Option<usize> {
        let at = self.rows.iter().position(|row| row.id == id)?;
        self.rows.remove(at);
        self.total = self.total.saturating_sub(1);
        Some(at)
    }

    pub(super) fn position(&self, id: ConversationId) -> Option<usize> {
        self.rows.iter().position(|row| row.id == id)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn summary(number: u8, updated_at: u64) -> Summary {
        let session = format!("s{number}").parse().unwrap();
        Summary {
            id: ConversationId::of(&session),
            creation_time: 0,
            session_id: session,
            created_at: 0,
            updated_at,
            last_message: "hello".into(),
            messages: 2,
            failed: false,
            answering: false,
            snippet: None,
        }
    }

    fn list(rows: Vec<Summary>) -> List {
        List::of(ConversationPage {
            total: rows.len() as u64,
            conversations: rows,
            next_cursor: None,
            total_is_lower_bound: false,
        })
    }

    #[test]
    fn what_changes_moves_up_and_what_is_new_is_counted() {
        let mut shown = list(vec![summary(1, 30), summary(2, 20), summary(3, 10)]);
        assert_eq!(shown.change(summary(3, 40)), Some(Move { from: Some(2), to: 0 }));
        let new = Summary { created_at: 45, ..summary(4, 50) };
        assert_eq!(shown.change(new), Some(Move { from: None, to: 0 }));
        assert_eq!(shown.total, 4);
        assert_eq!(shown.rows.iter().map(|row| row.updated_at).collect::<Vec<_>>(), [50, 40, 30, 20]);
        assert_eq!(shown.change(summary(2, 20)), Some(Move { from: Some(3), to: 3 }));
    }

    #[test]
    fn what_was_there_before_but_not_loaded_is_not_counted_again() {
        let mut shown = list(vec![summary(1, 30), summary(2, 20)]);
        (shown.total, shown.next_cursor) = (100, Some("next".into()));
        assert_eq!(shown.change(summary(3, 40)), Some(Move { from: None, to: 0 }));
        assert_eq!(shown.change(summary(4, 10)), None, "its place is not loaded");
        assert_eq!((shown.total, shown.rows.len()), (100, 3));
    }

    #[test]
    fn a_page_brings_nothing_twice() {
        let mut shown = list(vec![summary(1, 30), summary(2, 20)]);
        let rows = vec![summary(2, 20), summary(3, 10)];
        shown.append(ConversationPage {
            conversations: rows,
            total: 3,
            total_is_lower_bound: false,
            next_cursor: None,
        });
        assert_eq!((shown.rows.len(), shown.total), (3, 3));
    }

    #[test]
    fn what_is_erased_is_gone() {
        let mut shown = list(vec![summary(1, 30), summary(2, 20)]);
        assert_eq!(shown.erase(summary(1, 0).id), Some(0));
        assert_eq!(shown.erase(summary(1, 0).id), None);
        assert_eq!(shown.total, 1);
    }
}
