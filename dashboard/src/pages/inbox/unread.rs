//! What this browser has not shown yet. Kept here and nowhere else: each operator reads for themselves.

use chat_schema::{ConversationId, Summary};
use serde::{Deserialize, Serialize};

/// Most conversations remembered; of the oldest, what was read before the first visit counts.
const KEPT: usize = 2_000;

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Read {
    /// The first visit: what was there then counts as read.
    since: u64,
    /// Until when each conversation was read, the one read last at the end.
    until: Vec<(ConversationId, u64)>,
}

impl Read {
    /// A first visit.
    pub(super) fn from(now: u64) -> Self {
        Self { since: now, until: Vec::new() }
    }

    /// What was kept, or a first visit.
    pub(super) fn kept(text: Option<&str>, now: u64) -> Self {
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| Self::from(now))
    }

    pub(super) fn is_unread(&self, id: ConversationId, updated_at: u64) -> bool {
        let until = self.until.iter().rev().find(|(known, _)| *known == id).map_or(self.since, |(_, until)| *until);
        updated_at > until
    }

    /// Everything of it was seen.
    pub(super) fn read(&mut self, summary: &Summary) {
        self.note(summary.id, summary.updated_at);
    }

    /// It is to be read again.
    pub(super) fn unread(&mut self, summary: &Summary) {
        self.note(summary.id, summary.updated_at.saturating_sub(1));
    }

    fn note(&mut self, id: ConversationId, until: u64) {
        self.until.retain(|(known, _)| *known != id);
        self.until.push((id, until));
        let over = self.until.len().saturating_sub(KEPT);
        self.until.drain(..over);
    }
}

#[cfg(test)]
mod tests {
    use super::super::list::tests::summary;
    use super::*;

    #[test]
    fn what_was_there_at_the_first_visit_is_read_and_what_comes_is_not() {
        let mut read = Read::from(100);
        assert!(!read.is_unread(summary(1, 0).id, 90));
        assert!(read.is_unread(summary(1, 0).id, 101));
        read.read(&summary(1, 101));
        assert!(!read.is_unread(summary(1, 0).id, 101) && read.is_unread(summary(1, 0).id, 102));
        read.unread(&summary(1, 101));
        assert!(read.is_unread(summary(1, 0).id, 101));
    }

    #[test]
    fn what_is_kept_is_bounded_and_damage_is_a_first_visit() {
        let mut read = Read::from(100);
        for number in 0..=255 {
            for _ in 0..10 {
                read.read(&summary(number, 200));
            }
        }
        assert_eq!(read.until.len(), 256);
        let text = serde_json::to_string(&read).unwrap();
        assert_eq!(Read::kept(Some(&text), 0), read);
        assert_eq!(Read::kept(Some("{"), 7), Read::from(7));
    }
}
