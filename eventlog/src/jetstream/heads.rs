//! What this process knows about the ends of conversations: where the next append goes, and how new a read has to be.

use std::sync::atomic::{AtomicU64, Ordering};

use chat_schema::ConversationId;
use quick_cache::sync::Cache;

/// Conversations that are remembered. Others are looked up.
const CAPACITY: usize = 100_000;

/// The last event of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// Its version.
    pub(super) version: u64,
    /// Sequence of the message it stands in.
    pub(super) sequence: u64,
}

/// The newest head seen of each conversation, and the newest sequence of all.
pub(super) struct Heads {
    heads: Cache<ConversationId, Head>,
    newest: AtomicU64,
}

impl Heads {
    pub(super) fn new() -> Self {
        Self { heads: Cache::new(CAPACITY), newest: AtomicU64::new(0) }
    }

    /// The newest head seen of this conversation, if it is remembered.
    pub(super) fn known(&self, conversation: ConversationId) -> Option<Head> {
        self.heads.get(&conversation)
    }

    /// An append was acknowledged, or a read found this.
    pub(super) fn learn(&self, conversation: ConversationId, head: Head) {
        self.newest.fetch_max(head.sequence, Ordering::Relaxed);
        if self.known(conversation).is_none_or(|known| known.sequence < head.sequence) {
            self.heads.insert(conversation, head);
        }
    }

    /// The newest sequence seen.
    pub(super) fn newest(&self) -> u64 {
        self.newest.load(Ordering::Relaxed)
    }
}
