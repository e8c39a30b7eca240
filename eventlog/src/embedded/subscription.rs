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
            let whole = found.len() < BATCH;
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
