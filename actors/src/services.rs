//! What every conversation of this process shares.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chat_eventlog::{Append, Bus, EventLog, Position, append_settled};
use chat_schema::{ConversationId, Event, EventId, Head, OwnerId, SealedEvent};
use tokio::sync::Semaphore;
use uuid::{Timestamp, Uuid};

use crate::assistant::Assistant;
use crate::metrics::METRICS;
use crate::peers::Peers;

/// How conversations are run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Most messages shown to the model (`MAX_HISTORY_MESSAGES`).
    pub max_history: usize,
    /// Most answers generated at once (`MAX_CONCURRENT_REPLIES`).
    pub max_concurrent_replies: usize,
    /// How long a message waits for one of those places before it is refused.
    pub admission_patience: Duration,
    /// How long an append of unknown outcome is repeated before the message is refused.
    pub append_patience: Duration,
    /// How long the end of a turn is offered to a log that does not take it.
    pub ending_patience: Duration,
    /// A conversation idle for this long leaves memory.
    pub passivate_after: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_history: 30,
            max_concurrent_replies: 1000,
            admission_patience: Duration::from_secs(2),
            append_patience: Duration::from_secs(5),
            ending_patience: Duration::from_secs(10),
            passivate_after: Duration::from_secs(60),
        }
    }
}

/// The log, the assistant and the limits, shared by all conversations.
pub struct Services {
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) assistant: Arc<dyn Assistant>,
    pub(crate) settings: Settings,
    pub(crate) owner: OwnerId,
    pub(crate) places: Arc<Semaphore>,
    /// The processes that share the log; `None` if there cannot be others.
    pub(crate) peers: Option<Arc<Peers>>,
    cancelled_replies: AtomicUsize,
    acknowledged: AtomicU64,
}

impl Services {
    /// Services of a process that begins now; it gets an owner id of its own. `bus` connects it with the others on a log that several
    /// processes share.
    pub fn new(
        log: Arc<dyn EventLog>,
        bus: Option<Arc<dyn Bus>>,
        assistant: Arc<dyn Assistant>,
        settings: Settings,
    ) -> Self {
        let owner = Uuid::new_v4().into();
        Self {
            log,
            assistant,
            owner,
            peers: bus.map(|bus| Arc::new(Peers::new(owner, bus))),
            cancelled_replies: AtomicUsize::new(0),
            places: Arc::new(Semaphore::new(settings.max_concurrent_replies)),
            settings,
            acknowledged: AtomicU64::new(0),
        }
    }

    /// What this process calls itself in the log.
    pub fn owner(&self) -> OwnerId {
        self.owner
    }

    /// Answers being generated at this moment.
    pub fn running_replies(&self) -> usize {
        self.settings.max_concurrent_replies - self.places.available_permits()
    }

    /// Answers that were begun and dropped, since another append came first.
    pub fn cancelled_replies(&self) -> usize {
        self.cancelled_replies.load(Ordering::Relaxed)
    }

    pub(crate) fn count_cancelled_reply(&self) {
        self.cancelled_replies.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits until the other processes know of this one, for a moment at most: a turn begun before would seem to be one whose owner may
    /// have been taken for dead.
    pub async fn join(&self) {
        if let Some(peers) = &self.peers {
            peers.join().await;
        }
    }

    /// Whether words of an answer that others generate come here before they are stored.
    pub(crate) fn relays(&self) -> bool {
        self.peers.as_ref().is_some_and(|peers| peers.relays())
    }

    /// Tells the other processes that this one ends, so that they need not wait for its silence. It runs no turn any more.
    pub async fn leave(&self) {
        if let Some(peers) = &self.peers {
            peers.leave().await;
        }
    }

    /// Whether no other process may take this one for dead, so that it may show its running answers.
    pub(crate) fn holds_lease(&self) -> bool {
        self.peers.as_ref().is_none_or(|peers| peers.holds_lease() && self.log.is_available())
    }

    /// How often this process may have been taken for dead.
    pub(crate) fn lapses(&self) -> u64 {
        self.peers.as_ref().map_or(0, |peers| peers.lapses())
    }

    /// Whether `owner` runs no turns any more, if this process is asked, which runs none of the conversation in question.
    pub(crate) fn is_gone(&self, owner: OwnerId) -> bool {
        owner == self.owner || self.peers.as_ref().is_none_or(|peers| peers.is_dead(owner))
    }

    /// Whether the log takes events, as far as this process knows.
    pub fn log_is_available(&self) -> bool {
        self.log.is_available()
    }

    /// Position of the last event this process knows to be acknowledged.
    pub fn acknowledged(&self) -> Position {
        Position::new(self.acknowledged.load(Ordering::Acquire))
    }

    /// Counts everything up to `position` as acknowledged: by this process, or by one before it.
    pub fn acknowledge(&self, position: Position) {
        self.acknowledged.fetch_max(position.get(), Ordering::AcqRel);
    }

    /// Appends, as [`append_settled`] does.
    pub(crate) async fn append(
        &self,
        conversation: ConversationId,
        expected: u64,
        events: &[SealedEvent],
        patience: Duration,
    ) -> Append {
        let began = Instant::now();
        let outcome = append_settled(&*self.log, conversation, expected, events, patience).await;
        METRICS.append(outcome, began.elapsed());
        if let Append::Appended(position) = outcome {
            self.acknowledge(position);
        }
        outcome
    }

    pub(crate) fn seal(&self, head: Head, conversation: ConversationId, event: Event) -> SealedEvent {
        let now = now();
        let id = Uuid::new_v7(Timestamp::from_unix_time(now.as_secs(), now.subsec_nanos(), 0, 0));
        SealedEvent::seal(head, conversation, EventId::from(id), now.as_millis() as u64, event)
    }
}

/// Time since the Unix epoch; a clock set before it stands still there.
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
