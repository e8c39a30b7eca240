//! Events on their way from the log, read ahead while earlier ones are applied.

use std::sync::Arc;
use std::time::Duration;

use chat_eventlog::{EventLog, LogError, Position, Subscription};
use futures_util::{FutureExt, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::prepared::Prepared;

/// Events applied in one transaction at most, and their bytes, but for the last one's.
const BATCH: usize = 4000;
const BATCH_BYTES: usize = 8 << 20;

/// Chunks that wait to be applied: a batch is of one or several.
const WAITING: usize = 4;
const CHUNK: usize = BATCH / WAITING;
const CHUNK_BYTES: usize = BATCH_BYTES / WAITING;

/// Shortest time from one chunk of live events to the next: a transaction for a few events costs hardly less than one for many. What comes
/// after a longer silence does not wait.
const REST: Duration = Duration::from_millis(20);

/// Events in the order of the log, and what ended them.
pub(crate) struct Chunk {
    pub(crate) events: Vec<Prepared>,
    /// Comes after the events; nothing comes after it.
    pub(crate) failure: Option<LogError>,
    bytes: usize,
}

/// Reads a log's events after a position. Dropping it ends the reading.
pub(crate) struct Feed {
    chunks: mpsc::Receiver<Chunk>,
    reader: JoinHandle<()>,
}

impl Feed {
    pub(crate) fn start(log: &Arc<dyn EventLog>, after: Position) -> Self {
        let (sender, chunks) = mpsc::channel(WAITING);
        Self { chunks, reader: tokio::spawn(read(log.subscribe(after), sender)) }
    }

    /// What came since the last call, waiting for the first event; `None` when the log is closed.
    pub(crate) async fn next(&mut self) -> Option<Chunk> {
        let mut batch = self.chunks.recv().await?;
        while batch.failure.is_none() && batch.events.len() + CHUNK <= BATCH && batch.bytes + CHUNK_BYTES <= BATCH_BYTES
        {
            let Ok(more) = self.chunks.try_recv() else { break };
            batch.events.extend(more.events);
            batch.bytes += more.bytes;
            batch.failure = more.failure;
        }
        Some(batch)
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

async fn read(mut events: Subscription, chunks: mpsc::Sender<Chunk>) {
    let mut rested = Instant::now();
    while let Some(first) = events.next().await {
        sleep_until(rested).await;
        let (mut ready, mut bytes, mut failure) = (Vec::new(), 0, None);
        let mut next = Some(first);
        while let Some(event) = next {
            match event {
                Ok(event) => {
                    bytes += event.event.bytes.len();
                    ready.push(event);
                }
                Err(error) => failure = Some(error),
            }
            let full = failure.is_some() || ready.len() == CHUNK || bytes >= CHUNK_BYTES;
            // What is there already; an end is seen again by the outer loop.
            next = if full { None } else { events.next().now_or_never().flatten() };
        }
        if ready.len() < CHUNK && bytes < CHUNK_BYTES {
            rested = Instant::now() + REST;
        }
        let over = failure.is_some();
        // Apart from what else the runtime does: a chunk takes milliseconds.
        let prepare = move || ready.into_iter().map(Prepared::from).collect();
        let Ok(events) = tokio::task::spawn_blocking(prepare).await else { return };
        if chunks.send(Chunk { events, failure, bytes }).await.is_err() || over {
            return;
        }
    }
}
