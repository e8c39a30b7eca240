//! The embedded log: SQLite in the server's own process, for one process a directory.
//!
//! One thread writes. It takes every append that waits, commits them in one transaction and acknowledges them only after
//! the commit's fsync, so that many conversations share the price of one. Reads have connections of their own.
//!
//! Architecture invariant: nothing is acknowledged, and nothing shown to a reader, before it is durable.

mod append;
mod archive;
mod directory;
mod format;
mod group;
mod health;
mod known;
mod open;
mod open_error;
mod queue;
mod reader;
mod subscription;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chat_schema::{ConversationId, Event, SealedEvent};
use tokio::sync::watch;

pub use self::archive::EmbeddedArchive;
use self::directory::Directory;
use self::health::Health;
use self::known::Known;
use self::open::Database;
pub use self::open_error::OpenError;
use self::queue::Queue;
use self::reader::Readers;
use self::writer::Writer;
use crate::log::{Append, EventLog, LogError, LogIdentity, Position, Recorded, Subscription};

/// Longest wait for the writer when the log is dropped. What is queued then was acknowledged to nobody.
const LAST_GROUP: Duration = Duration::from_secs(5);

/// An event log in a directory of this process. Dropping it waits a while for what is queued to be written.
pub struct EmbeddedLog {
    identity: LogIdentity,
    readers: Arc<Readers>,
    known: Arc<Known>,
    committed: watch::Receiver<Position>,
    health: Arc<Health>,
    // Dropped in this order: without its queue the writer ends.
    queue: Queue,
    _writer: JoinOnDrop,
}

struct JoinOnDrop(Option<JoinHandle<()>>);

impl EmbeddedLog {
    /// Opens the log in `dir`; makes the directory and the log when there is none.
    ///
    /// # Errors
    /// Says what is wrong with the directory or what is in it, and what to do about it.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let directory = Directory::lock(dir)?;
        let file = directory.file(open::FILE);
        let Database { connection, format, identity, end } = Database::open(&file)?;

        let health = Arc::<Health>::default();
        let place = directory.place(&file)?;
        let (queue, requests) = queue::bounded();
        let (durable, committed) = watch::channel(end);
        let known = Arc::<Known>::default();
        let writer = Writer::new(connection, format, durable, health.clone(), known.clone(), place);
        let thread = thread::Builder::new().name("event-log".into()).spawn(move || {
            // Another process may have the directory when nothing is written here any more, and not before.
            let _directory = directory;
            writer.run(requests);
        })?;
        tracing::info!(identity = %identity.0, end = %end, "event log opened");
        Ok(Self {
            identity,
            readers: Arc::new(Readers::new(file, format)),
            known,
            committed,
            health,
            queue,
            _writer: JoinOnDrop(Some(thread)),
        })
    }

    /// How many groups of appends were made durable since the log was opened, each with one fsync of the write-ahead log.
    pub fn commits(&self) -> u64 {
        self.health.commits()
    }
}

impl Drop for JoinOnDrop {
    fn drop(&mut self) {
        let Some(thread) = self.0.take() else { return };
        let deadline = Instant::now() + LAST_GROUP;
        while !thread.is_finished() {
            if Instant::now() >= deadline {
                tracing::error!("event log's disk does not answer: not waiting for what is queued");
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
        if thread.join().is_err() {
            tracing::error!("event log's writer had panicked");
        }
    }
}

#[async_trait]
impl EventLog for EmbeddedLog {
    async fn append(&self, conversation: ConversationId, expected: u64, events: &[SealedEvent]) -> Append {
        self.queue.append(conversation, expected, events).await
    }

    async fn read(&self, conversation: ConversationId, after: u64) -> Result<Vec<Recorded>, LogError> {
        if !self.known.may_have_events(conversation) {
            return Ok(Vec::new());
        }
        self.readers.conversation(conversation, after).await.into_iter().collect()
    }

    async fn erase(&self, erasure: &SealedEvent) -> Result<(), LogError> {
        if !matches!(erasure.envelope.event, Event::ConversationErased { .. }) {
            return Err(LogError::Unavailable("it is no erasure".into()));
        }
        match self.queue.erase(erasure).await {
            Append::Appended(_) => Ok(()),
            Append::Conflict { .. } => Err(LogError::Unavailable("there is no such erasure".into())),
            Append::Unknown | Append::Unavailable => Err(LogError::Unavailable("it could not be written".into())),
        }
    }

    fn subscribe(&self, after: Position) -> Subscription {
        subscription::subscribe(self.readers.clone(), self.committed.clone(), after)
    }

    async fn end(&self) -> Result<Position, LogError> {
        Ok(*self.committed.borrow())
    }

    fn identity(&self) -> LogIdentity {
        self.identity
    }

    fn is_available(&self) -> bool {
        self.health.is_available()
    }

    async fn close(&self) {
        // The writer tells what was in the way.
        let _ = self.queue.close().await;
    }
}
