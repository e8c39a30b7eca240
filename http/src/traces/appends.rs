//! The spans of appends, and after each one of its way into the read models.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_eventlog::{Append, EventLog, LogError, LogIdentity, Position, Recorded, Subscription};
use chat_projections::{CaughtUp, ReadModels};
use chat_schema::{ConversationId, SealedEvent};
use tokio::sync::Semaphore;
use tracing::field::Empty;
use tracing::{Instrument, Span, debug_span};

/// Appends that are watched at once until the read models have them; of more there is no span.
const WATCHED: usize = 1000;
/// How long one is watched: models that stand still must not keep traces open.
const PATIENCE: Duration = Duration::from_secs(30);

/// A log for whoever appends.
pub(crate) struct TracedLog {
    log: Arc<dyn EventLog>,
    models: Arc<ReadModels>,
    watched: Arc<Semaphore>,
}

impl TracedLog {
    pub(crate) fn new(log: Arc<dyn EventLog>, models: Arc<ReadModels>) -> Self {
        Self { log, models, watched: Arc::new(Semaphore::new(WATCHED)) }
    }

    /// From the acknowledgement until reads of this process see the event. Events carry no trace, so that others' appends have none.
    fn watch(&self, position: Position, append: &Span) {
        let Ok(place) = Arc::clone(&self.watched).try_acquire_owned() else { return };
        let models = Arc::clone(&self.models);
        let span = debug_span!(parent: append, "projection", position = position.get(), behind = Empty);
        let watching = async move {
            if models.caught_up(position, PATIENCE).await == CaughtUp::Behind {
                Span::current().record("behind", true);
            }
            drop(place);
        };
        tokio::spawn(watching.instrument(span));
    }
}

#[async_trait]
impl EventLog for TracedLog {
    async fn append(&self, conversation: ConversationId, expected: u64, events: &[SealedEvent]) -> Append {
        let span =
            debug_span!("append", otel.kind = "client", conversation_id = %conversation, expected, outcome = Empty);
        let outcome = self.log.append(conversation, expected, events).instrument(span.clone()).await;
        let told = match outcome {
            Append::Appended(position) => {
                self.watch(position, &span);
                "appended"
            }
            Append::Conflict { .. } => "conflict",
            Append::Unknown => "unknown",
            Append::Unavailable => "unavailable",
        };
        span.record("outcome", told);
        outcome
    }

    async fn read(&self, conversation: ConversationId, after: u64) -> Result<Vec<Recorded>, LogError> {
        self.log.read(conversation, after).await
    }

    async fn erase(&self, erasure: &SealedEvent) -> Result<(), LogError> {
        self.log.erase(erasure).await
    }

    fn subscribe(&self, after: Position) -> Subscription {
        self.log.subscribe(after)
    }

    async fn end(&self) -> Result<Position, LogError> {
        self.log.end().await
    }

    fn identity(&self) -> LogIdentity {
        self.log.identity()
    }

    fn is_available(&self) -> bool {
        self.log.is_available()
    }
}
