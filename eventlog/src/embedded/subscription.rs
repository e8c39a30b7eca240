//! A subscription: reads what is committed in batches, then sleeps until more is.

use std::sync::Arc;

use futures_util::StreamExt;
use tokio::sync::watch;

use super::reader::Readers;
use crate::log::{Position, Subscription};

/// Events read at once.
const BATCH: usize = 1000;

/// Every event after `after`, until an error or until the sender of `committed` is gone and all is read.
pub(super) fn subscribe(
    readers: Arc<Readers>,
    mut committed: watch::Receiver<Position>,
    after: Position,
) -> Subscription {
    let events = async_stream::stream! {
        let mut seen = after;
        while let Ok(end) = committed.wait_for(|end| *end > seen).await.map(|end| *end) {
            let found = readers.log(seen, BATCH).await;
            // Not where the last one stands: the events up to the end may have been erased since.
            let whole = found.is_empty();
            for event in found {
                let position = event.as_ref().ok().map(|recorded| recorded.position);
                yield event;
                match position {
                    Some(position) => seen = position,
                    None => return,
                }
            }
            if whole {
                seen = seen.max(end);
            }
        }
    };
    events.boxed()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::conformance::{Author, store, take};
    use crate::embedded::format::Format;
    use crate::embedded::{EmbeddedLog, open};
    use crate::log::LogError;

    /// A log of three events, closed and then changed by `sql`.
    async fn changed(sql: &str) -> (tempfile::TempDir, Arc<Readers>) {
        let dir = tempfile::tempdir().unwrap();
        store(&EmbeddedLog::open(dir.path()).unwrap(), &Author::new().events(3)).await;
        let file = dir.path().join(open::FILE);
        rusqlite::Connection::open(&file).unwrap().execute_batch(sql).unwrap();
        (dir, Arc::new(Readers::new(file, Format::NEWEST)))
    }

    #[tokio::test]
    async fn erased_events_at_the_end_are_not_waited_for() {
        let (_dir, readers) = changed("DELETE FROM event WHERE position = 3").await;
        let (sender, committed) = watch::channel(Position::new(3));
        let mut subscription = subscribe(readers, committed, Position::START);
        take(&mut subscription, 2).await;

        drop(sender);
        let end = tokio::time::timeout(Duration::from_secs(20), subscription.next()).await;
        assert!(end.expect("it asks again and again").is_none());
    }

    #[tokio::test]
    async fn an_unreadable_event_is_named_after_those_before_it_and_ends_the_subscription() {
        let (_dir, readers) = changed("UPDATE event SET bytes = x'7b' WHERE position = 2").await;
        let (_sender, committed) = watch::channel(Position::new(3));
        let mut subscription = subscribe(readers, committed, Position::START);
        take(&mut subscription, 1).await;

        let error = subscription.next().await.unwrap().unwrap_err();
        assert!(matches!(error, LogError::Unreadable { position, .. } if position == Position::new(2)), "{error}");
        assert!(subscription.next().await.is_none());
    }
}
