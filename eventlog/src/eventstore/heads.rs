//! What this process knows about the ends of conversations, and of the log: how new a read has to be.

use std::sync::atomic::{AtomicU64, Ordering};

use chat_schema::ConversationId;
use quick_cache::sync::Cache;

use crate::log::Position;

/// Conversations that are remembered.
const CAPACITY: usize = 100_000;

/// The newest version seen of each conversation, and the newest position of all.
pub(super) struct Heads {
    versions: Cache<ConversationId, u64>,
    newest: AtomicU64,
}

impl Heads {
    pub(super) fn new() -> Self {
        Self { versions: Cache::new(CAPACITY), newest: AtomicU64::new(0) }
    }

    /// The newest version seen of this conversation; 0 if it is not remembered.
    pub(super) fn known(&self, conversation: ConversationId) -> u64 {
        self.versions.get(&conversation).unwrap_or(0)
    }

    /// An append was acknowledged, or a read found this.
    pub(super) fn learn(&self, conversation: ConversationId, version: u64, position: Position) {
        self.newest.fetch_max(position.get(), Ordering::Relaxed);
        if self.known(conversation) < version {
            self.versions.insert(conversation, version);
        }
    }

    /// The newest position seen.
    pub(super) fn newest(&self) -> Position {
        Position::new(self.newest.load(Ordering::Relaxed))
    }
}
