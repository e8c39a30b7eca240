//! The fence before a turn's readers: an owner whom others may take for dead shows nothing more of its answer until it has read that
//! the turn is still its own.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chat_schema::{ConversationId, Event};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::services::Services;

/// How often a process without a lease looks whether it has one again.
const LOOK: Duration = Duration::from_millis(100);

/// The fence of one turn.
pub(crate) struct Fence {
    services: Arc<Services>,
    conversation: ConversationId,
    /// Version of the event that began this attempt.
    opened: u64,
    /// How often the lease had been lost when the turn was last known to be open.
    lapses: AtomicU64,
    /// Whether this process has seen the end of the turn in the log.
    over: watch::Sender<bool>,
}

impl Fence {
    pub(crate) fn new(services: Arc<Services>, conversation: ConversationId, opened: u64) -> Self {
        let lapses = AtomicU64::new(services.lapses());
        Self { services, conversation, opened, lapses, over: watch::Sender::new(false) }
    }

    /// The end of the turn was seen in the log.
    pub(crate) fn end(&self) {
        self.over.send_replace(true);
    }

    /// Completes when the end of the turn is seen in the log.
    pub(crate) async fn ended(&self) {
        // An error would mean that the sender is gone, and `self` has it.
        let _ = self.over.subscribe().wait_for(|over| *over).await;
    }

    /// Whether the turn is known to be open without asking the log: the lease is held, and was all the time.
    pub(crate) fn is_open(&self) -> bool {
        self.services.holds_lease() && self.lapses.load(Ordering::Acquire) == self.services.lapses()
    }

    /// Whether more of the answer may be shown. Waits while that is not known, up to the patience for the end of a turn.
    pub(crate) async fn pass(&self) -> bool {
        if self.is_open() {
            return true;
        }
        tracing::warn!(conversation_id = %self.conversation, "reply held back: others may take this process for dead");
        let deadline = Instant::now() + self.services.settings.ending_patience;
        while Instant::now() < deadline {
            let lapses = self.services.lapses();
            match self.is_still_open().await {
                Some(true) if self.services.holds_lease() => {
                    self.lapses.store(lapses, Ordering::Release);
                    return true;
                }
                Some(false) => return false,
                Some(true) | None => sleep(LOOK).await,
            }
        }
        false
    }

    /// `None` if the log cannot tell now.
    pub(crate) async fn is_still_open(&self) -> Option<bool> {
        let since = self.services.log.read(self.conversation, self.opened).await.ok()?;
        Some(since.iter().all(|recorded| matches!(recorded.event.envelope.event, Event::MessageRated { .. })))
    }
}

impl fmt::Debug for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fence").field("is_open", &self.is_open()).finish_non_exhaustive()
    }
}
