//! Events on their way from the log, read ahead while earlier ones are applied.

use std::sync::Arc;
use std::time::Duration;

use chat_eventlog::{EventLog, LogError, Position, Recorded, Subscription};
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
    /// Reads the events of `log` after `after`. Those after `end` are live.
    pub(crate) fn start(log: &Arc<dyn EventLog>, after: Position, end: Position) -> Self {
        let (sender, chunks) = mpsc::channel(WAITING);
        Self { chunks, reader: tokio::spawn(read(log.subscribe(after), end, sender)) }
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

async fn read(mut events: Subscription, end: Position, chunks: mpsc::Sender<Chunk>) {
    let mut rested = Instant::now();
    while let Some(first) = events.next().await {
        sleep_until(rested).await;
        let (mut ready, mut bytes, mut failure) = (Vec::<Recorded>::new(), 0, None);
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
        let live = ready.last().is_none_or(|event| event.position >= end);
        if live && ready.len() < CHUNK && bytes < CHUNK_BYTES {
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

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use chat_schema::samples::Samples;
    use futures_util::{future, stream};

    use super::*;

    /// A log that delivers three events at a time, as one does that is read over a network.
    fn in_small_pieces(events: u64) -> Subscription {
        let samples = Samples::new(1, 1_000, 1_760_000_000_000);
        let recorded = |(position, event)| Ok(Recorded { position: Position::new(position), event });
        let mut events = (1..=events).zip(samples.events()).map(recorded).collect::<Vec<_>>().into_iter();
        let mut polls = 0;
        stream::poll_fn(move |cx| {
            polls += 1;
            if polls % 4 == 0 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(events.next())
        })
        .boxed()
    }

    /// How long it takes by a clock that moves only while all that runs is waiting for it.
    async fn time_to_read(events: u64, end: u64) -> Duration {
        let (sender, mut chunks) = mpsc::channel::<Chunk>(WAITING);
        let begun = Instant::now();
        let count = async {
            let mut count = 0;
            while let Some(chunk) = chunks.recv().await {
                count += chunk.events.len() as u64;
            }
            count
        };
        let ((), count) = future::join(read(in_small_pieces(events), Position::new(end), sender), count).await;
        assert_eq!(count, events);
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_there_at_the_start_is_read_without_a_rest() {
        assert_eq!(time_to_read(300, 301).await, Duration::ZERO);
        let live = time_to_read(300, 0).await;
        assert!(live >= 50 * REST, "{live:?}");
    }
}
