//! The fence before a turn's readers: an owner whom others may take for dead shows nothing more of its answer until it has read that
//! the turn is still its own.

use std::sync::Arc;
use std::time::Duration;

use chat_schema::{ConversationId, Event};
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
}

impl Fence {
    pub(crate) fn new(services: Arc<Services>, conversation: ConversationId, opened: u64) -> Self {
        Self { services, conversation, opened }
    }

    /// Whether more of the answer may be shown. Waits while that is not known, up to the patience for the end of a turn.
    pub(crate) async fn pass(&self) -> bool {
        if self.services.holds_lease() {
            return true;
        }
        tracing::warn!(conversation_id = %self.conversation, "reply held back: others may take this process for dead");
        let deadline = Instant::now() + self.services.settings.ending_patience;
        while Instant::now() < deadline {
            match self.is_still_open().await {
                Some(true) if self.services.holds_lease() => return true,
                Some(false) => return false,
                Some(true) | None => sleep(LOOK).await,
            }
        }
        false
    }

    /// `None` if the log cannot tell now.
    async fn is_still_open(&self) -> Option<bool> {
        let since = self.services.log.read(self.conversation, self.opened).await.ok()?;
        Some(since.iter().all(|recorded| matches!(recorded.event.envelope.event, Event::MessageRated { .. })))
    }
}
