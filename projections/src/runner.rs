//! Keeps the read models up with the log: catches up from the checkpoint, then applies events as they come.
//!
//! What passes by itself (the log away, a full disk) is waited for and begun again at the checkpoint. What does not (a
//! gap, an event this release cannot read) stops the models where they stand, loudly; the chat goes on without them.
//! Models that are damaged, deleted or replaced are built again beside what is left of them, and take its place whole. Such a build
//! is begun again at its start when its full-text index fails.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chat_eventlog::{EventLog, LogError, Position};
use chat_schema::DecodeError;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::feed::Feed;
use crate::models::{Applied, Models};
use crate::prepared::Prepared;
use crate::status::{State, Status};
use crate::store::{Store, StoreError, blocking};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How often the files are looked after.
const LOOK: Duration = Duration::from_secs(1);

/// Why following was left off.
enum Halt {
    /// The log is away, which it tells by itself.
    LogAway(String),
    /// It will pass.
    Waiting(String),
    /// The models are damaged or gone: others have to take their place.
    Unfit(String),
    /// It will not pass.
    Stopped(String),
}

impl From<LogError> for Halt {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Unavailable(_) => Self::LogAway(error.to_string()),
            LogError::Unreadable { .. } => Self::Stopped(describe(&error)),
        }
    }
}

/// Without the JSON parser's own words, which may quote a message.
pub(crate) fn describe(error: &LogError) -> String {
    let LogError::Unreadable { position, source } = error else { return error.to_string() };
    let cause = match source {
        DecodeError::Malformed(json) => format!("malformed JSON at byte {}: check the log", json.column()),
        DecodeError::Newer(_) => source.to_string(),
    };
    format!("event at position {position} cannot be read: {cause}")
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        if error.is_corrupt() { Self::Unfit(error.to_string()) } else { Self::Waiting(error.to_string()) }
    }
}

/// One run of following a log.
pub(crate) struct Runner<'a> {
    store: Arc<Store>,
    log: Arc<dyn EventLog>,
    status: &'a watch::Sender<Status>,
    /// What events are applied to: the current models, or those that will take their place.
    models: Arc<Models>,
    beside: bool,
    pause: Duration,
    started: Instant,
    /// Whether something was erased from the tables that may still be found in their files.
    traces: bool,
}

impl<'a> Runner<'a> {
    pub(crate) fn new(store: Arc<Store>, log: Arc<dyn EventLog>, status: &'a watch::Sender<Status>) -> Self {
        let (models, pause, started) = (store.current(), FIRST_PAUSE, Instant::now());
        Self { store, log, status, models, beside: false, pause, started, traces: true }
    }

    /// Follows until the log is closed or the models stop.
    pub(crate) async fn run(mut self) {
        self.status.send_modify(|status| status.state = State::Building);
        loop {
            match self.follow().await {
                Ok(()) => return,
                Err(Halt::LogAway(cause)) => self.wait(&cause).await,
                Err(Halt::Waiting(cause)) => self.wait_for(cause).await,
                Err(Halt::Unfit(cause)) => self.begin_beside(&cause).await,
                Err(Halt::Stopped(reason)) => return self.stop(reason),
            }
        }
    }

    /// Follows from the checkpoint until something comes between, or the log is closed.
    async fn follow(&mut self) -> Result<(), Halt> {
        let goal = self.log.end().await?;
        let mut position = self.begin(goal).await?;
        position = self.apply(Vec::new(), position, goal).await?;
        let mut feed = Feed::start(&self.log, position, goal);
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let models = self.models.clone();
            let batch = tokio::select! {
                // Events last: however many come, the files are looked after.
                biased;
                () = models.damage.notified() => return Err(Halt::Unfit("a read came upon damage".to_owned())),
                _ = look.tick() => {
                    self.look_after_files().await?;
                    continue;
                }
                batch = feed.next() => batch,
            };
            // Or else they could not be closed, to be put in place.
            drop(models);
            let Some(batch) = batch else { return Ok(()) };
            position = self.apply(batch.events, position, goal).await?;
            if let Some(failure) = batch.failure {
                return Err(failure.into());
            }
        }
    }

    /// Where to go on: at the checkpoint, or at the start if that is not of this log.
    async fn begin(&self, end: Position) -> Result<Position, Halt> {
        let models = self.models.clone();
        let checkpoint = blocking(move || models.checkpoint()).await?;
        let log = self.log.identity();
        if checkpoint.log == log && checkpoint.position <= end {
            return Ok(checkpoint.position);
        }
        let reason = "the checkpoint is not one of this log";
        if self.beside {
            return Err(Halt::Unfit(reason.to_owned()));
        }
        tracing::warn!(position = %checkpoint.position, %end, reason, "read models begin anew");
        let (position, state) = (Position::START, State::Building);
        self.status.send_replace(Status { position, state, anew: true, waits_for: None });
        let models = self.models.clone();
        blocking(move || models.begin_anew(log)).await?;
        Ok(Position::START)
    }

    async fn apply(&mut self, events: Vec<Prepared>, from: Position, goal: Position) -> Result<Position, Halt> {
        let models = self.models.clone();
        let Applied { position, gap, erased } = blocking(move || models.apply(&events, from, goal)).await?;
        self.traces |= erased;
        // A build that goes on may come to the same end as the one before.
        if position > from && !self.beside {
            self.pause = FIRST_PAUSE;
        }
        if self.beside && position >= goal {
            self.replace().await?;
        }
        if !self.beside {
            self.publish(position, goal);
            self.wipe_traces().await?;
        }
        match gap {
            Some(gap) => Err(Halt::Stopped(gap.to_string())),
            None => Ok(position),
        }
    }

    /// Begins models beside the current ones, which go on answering as far as they can.
    async fn begin_beside(&mut self, cause: &str) {
        tracing::warn!(cause, "read models are built again");
        let failed = std::mem::take(&mut self.beside).then(|| cause.to_owned());
        self.models = self.store.current();
        self.status.send_modify(|status| {
            (status.state, status.anew, status.waits_for) = (State::Building, true, failed);
        });
        let (store, log) = (self.store.clone(), self.log.identity());
        match blocking(move || store.begin_beside(log)).await {
            Ok(models) => {
                (self.models, self.beside, self.started) = (Arc::new(models), true, Instant::now());
                // Not at once again, should these be damaged as well.
                tokio::time::sleep(self.pause).await;
                self.pause = (self.pause * 2).min(LONGEST_PAUSE);
            }
            Err(error) => self.wait_for(error.to_string()).await,
        }
    }

    /// Puts the models that were built beside in the place of the current ones.
    async fn replace(&mut self) -> Result<(), Halt> {
        let (store, log) = (self.store.clone(), self.log.identity());
        let built = std::mem::replace(&mut self.models, store.current());
        let replaced = blocking(move || match Arc::into_inner(built) {
            Some(built) => store.replace(built, log),
            None => Err(StoreError::Busy),
        });
        // What was built is gone; what is there is still what could not be gone on with.
        replaced.await.map_err(|error| Halt::Unfit(error.to_string()))?;
        self.beside = false;
        self.models = self.store.current();
        Ok(())
    }

    /// Notices models that were deleted or replaced, and does what could not be done before.
    async fn look_after_files(&mut self) -> Result<(), Halt> {
        let models = self.models.clone();
        if !blocking(move || Ok::<_, StoreError>(models.is_in_place())).await? {
            return Err(Halt::Unfit("their file was deleted or replaced".to_owned()));
        }
        if self.beside { Ok(()) } else { self.wipe_traces().await }
    }

    /// What was erased still stands in the write-ahead log, until that is truncated.
    async fn wipe_traces(&mut self) -> Result<(), Halt> {
        if self.traces {
            let models = self.models.clone();
            self.traces = !blocking(move || models.truncate_wal()).await?;
        }
        Ok(())
    }

    fn publish(&self, position: Position, goal: Position) {
        self.status.send_modify(|status| {
            (status.position, status.waits_for) = (position, None);
            if position >= goal && status.state == State::Building {
                (status.state, status.anew) = (State::Live, false);
                tracing::info!(%position, elapsed_ms = self.started.elapsed().as_millis(), "read models are live");
            }
        });
    }

    async fn wait_for(&mut self, cause: String) {
        self.status.send_modify(|status| status.waits_for = Some(cause.clone()));
        self.wait(&cause).await;
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
