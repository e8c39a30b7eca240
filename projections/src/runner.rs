//! Keeps the read models up with the log: catches up from the checkpoint, then applies events as they come.
//!
//! What passes by itself (the log away, a full disk) is waited for and begun again at the checkpoint. What does not (a
//! gap, an event this release cannot read) stops the models where they stand, loudly; the chat goes on without them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chat_eventlog::{EventLog, LogError, Position, Recorded};
use chat_schema::DecodeError;
use futures_util::StreamExt;
use tokio::sync::watch;

use crate::status::{State, Status};
use crate::store::{Applied, Store, StoreError, blocking};

/// Events applied in one transaction at most.
const BATCH: usize = 1000;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Why following was left off.
enum Halt {
    /// It will pass.
    Waiting(String),
    /// It will not.
    Stopped(String),
}

impl From<LogError> for Halt {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Unavailable(_) => Self::Waiting(error.to_string()),
            LogError::Unreadable { position, source } => {
                Self::Stopped(format!("event at position {position} cannot be read: {}", describe(&source)))
            }
        }
    }
}

/// Without the JSON parser's own words, which may quote a message.
fn describe(error: &DecodeError) -> String {
    match error {
        DecodeError::Malformed(json) => format!("malformed JSON at byte {}: check the log", json.column()),
        DecodeError::Newer(_) => error.to_string(),
    }
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        if error.is_corrupt() {
            Self::Stopped(format!("{error}: stop, delete the directory of the read models, and start again"))
        } else {
            Self::Waiting(error.to_string())
        }
    }
}

/// One run of following a log.
pub(crate) struct Runner<'a> {
    store: Arc<Store>,
    log: Arc<dyn EventLog>,
    status: &'a watch::Sender<Status>,
    pause: Duration,
    started: Instant,
}

impl<'a> Runner<'a> {
    pub(crate) fn new(store: Arc<Store>, log: Arc<dyn EventLog>, status: &'a watch::Sender<Status>) -> Self {
        Self { store, log, status, pause: FIRST_PAUSE, started: Instant::now() }
    }

    /// Follows until the log is closed or the models stop.
    pub(crate) async fn run(mut self) {
        self.status.send_modify(|status| status.state = State::Building);
        loop {
            match self.follow().await {
                Ok(()) => return,
                Err(Halt::Waiting(cause)) => self.wait(&cause).await,
                Err(Halt::Stopped(reason)) => return self.stop(reason),
            }
        }
    }

    /// Follows from the checkpoint until something comes between, or the log is closed.
    async fn follow(&mut self) -> Result<(), Halt> {
        let goal = self.log.end().await?;
        let mut position = self.begin(goal).await?;
        position = self.apply(Vec::new(), position, goal).await?;
        let mut batches = self.log.subscribe(position).ready_chunks(BATCH);
        while let Some(batch) = batches.next().await {
            let (events, failure) = until_failure(batch);
            position = self.apply(events, position, goal).await?;
            if let Some(failure) = failure {
                return Err(failure.into());
            }
        }
        Ok(())
    }

    /// Where to go on: at the checkpoint, or at the start if that is not of this log.
    async fn begin(&self, end: Position) -> Result<Position, Halt> {
        let store = self.store.clone();
        let checkpoint = blocking(move || store.checkpoint()).await?;
        let log = self.log.identity();
        if checkpoint.log == log && checkpoint.position <= end {
            return Ok(checkpoint.position);
        }
        let reason = "the checkpoint is not one of this log";
        tracing::warn!(position = %checkpoint.position, %end, reason, "read models begin anew");
        self.status.send_replace(Status { position: Position::START, state: State::Building });
        let store = self.store.clone();
        blocking(move || store.begin_anew(log)).await?;
        Ok(Position::START)
    }

    async fn apply(&mut self, events: Vec<Recorded>, from: Position, goal: Position) -> Result<Position, Halt> {
        let store = self.store.clone();
        let Applied { position, gap } = blocking(move || store.apply(&events, from, goal)).await?;
        if position > from {
            self.pause = FIRST_PAUSE;
        }
        self.publish(position, goal);
        match gap {
            Some(gap) => Err(Halt::Stopped(gap.to_string())),
            None => Ok(position),
        }
    }

    fn publish(&self, position: Position, goal: Position) {
        self.status.send_modify(|status| {
            status.position = position;
            if position >= goal && status.state == State::Building {
                status.state = State::Live;
                tracing::info!(%position, elapsed_ms = self.started.elapsed().as_millis(), "read models are live");
            }
        });
    }

    async fn wait(&mut self, cause: &str) {
        tracing::warn!(cause, pause_ms = self.pause.as_millis(), "read models wait");
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    fn stop(&self, reason: String) {
        self.status.send_modify(|status| {
            tracing::error!(position = %status.position, reason, "read models stopped");
            status.state = State::Stopped { reason };
        });
    }
}

fn until_failure(batch: Vec<Result<Recorded, LogError>>) -> (Vec<Recorded>, Option<LogError>) {
    let mut events = Vec::with_capacity(batch.len());
    for next in batch {
        match next {
            Ok(event) => events.push(event),
            Err(failure) => return (events, Some(failure)),
        }
    }
    (events, None)
}
