//! What the benches share: a log that makes its events as they are read, and percentiles.

#![allow(dead_code, reason = "no bench uses all of it")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_eventlog::{Append, EventLog, LogError, LogIdentity, Position, Recorded, Subscription};
use chat_projections::{CaughtUp, ReadModels};
use chat_schema::samples::Samples;
use chat_schema::{ConversationId, SealedEvent};
use futures_util::stream::{self, StreamExt};
use uuid::Uuid;

pub const SEED: u64 = 1;
/// 2026-01-01.
pub const UNTIL: u64 = 1_767_225_600_000;

const FOREVER: Duration = Duration::from_secs(24 * 3600);

/// A log of made-up conversations that is kept nowhere.
pub struct SampleLog {
    conversations: u64,
    end: Position,
}

impl SampleLog {
    pub fn new(conversations: u64) -> Self {
        let end = Position::new(samples(conversations).events().count() as u64);
        Self { conversations, end }
    }
}

pub fn samples(conversations: u64) -> Samples {
    Samples::new(SEED, conversations, UNTIL)
}

#[async_trait]
impl EventLog for SampleLog {
    async fn append(&self, _: ConversationId, _: u64, _: &[SealedEvent]) -> Append {
        Append::Unavailable
    }

    async fn read(&self, _: ConversationId, _: u64) -> Result<Vec<Recorded>, LogError> {
        Ok(Vec::new())
    }

    async fn erase(&self, _: &SealedEvent) -> Result<(), LogError> {
        Ok(())
    }

    /// From the first event on, whatever is asked for. Made by a thread of its own.
    fn subscribe(&self, _: Position) -> Subscription {
        let (sender, receiver) = tokio::sync::mpsc::channel(4_000);
        let conversations = self.conversations;
        std::thread::spawn(move || {
            for (position, event) in (1..).zip(samples(conversations).events()) {
                let recorded = Recorded { position: Position::new(position), event };
                if sender.blocking_send(Ok(recorded)).is_err() {
                    return;
                }
            }
        });
        stream::unfold(receiver, |mut events| async { events.recv().await.map(|event| (event, events)) })
            .chain(stream::pending())
            .boxed()
    }

    async fn end(&self) -> Result<Position, LogError> {
        Ok(self.end)
    }

    fn identity(&self) -> LogIdentity {
        LogIdentity(Uuid::nil())
    }

    fn is_available(&self) -> bool {
        true
    }
}

/// Read models of all that `log` holds.
pub async fn built(dir: &Path, log: &Arc<SampleLog>) -> Arc<ReadModels> {
    let models = Arc::new(ReadModels::open(dir, log.identity()).unwrap());
    let following = tokio::spawn(Arc::clone(&models).follow(log.clone()));
    assert_eq!(models.caught_up(log.end, FOREVER).await, CaughtUp::Reached);
    following.abort();
    models
}

/// A directory that goes with the bench; `BENCH_DIR` says where, as temporary directories may be small.
pub fn directory() -> tempfile::TempDir {
    match std::env::var_os("BENCH_DIR") {
        Some(dir) => tempfile::tempdir_in(dir).unwrap(),
        None => tempfile::tempdir().unwrap(),
    }
}

/// `BENCH_CONVERSATIONS`.
pub fn conversations(otherwise: u64) -> u64 {
    std::env::var("BENCH_CONVERSATIONS").map_or(otherwise, |number| number.parse().unwrap())
}

pub fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() * percent).div_ceil(100).clamp(1, times.len()) - 1]
}

/// Median, least and greatest.
pub fn spread(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    format!("{:.2} ({:.2} to {:.2})", values[values.len() / 2], values[0], values[values.len() - 1])
}
