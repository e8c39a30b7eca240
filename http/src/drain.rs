//! The graceful stop: who still has to be served before the process may end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chat_actors::Services;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// How often the end of the work is looked for.
const LOOK: Duration = Duration::from_millis(20);

/// Counts the open streams and knows whether the process is about to stop. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Drain(Arc<Shared>);

#[derive(Default)]
struct Shared {
    draining: watch::Sender<bool>,
    open_streams: AtomicUsize,
}

/// An answer being delivered; dropped with the body that delivers it.
pub(crate) struct OpenStream(Arc<Shared>);

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.open_streams.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drain {
    pub(crate) fn is_draining(&self) -> bool {
        *self.0.draining.borrow()
    }

    /// Completes when the process is about to stop.
    pub(crate) async fn begun(&self) {
        // An error would mean that the sender is gone, and `self` holds it.
        let _ = self.0.draining.subscribe().wait_for(|draining| *draining).await;
    }

    pub(crate) fn open_stream(&self) -> OpenStream {
        self.0.open_streams.fetch_add(1, Ordering::AcqRel);
        OpenStream(Arc::clone(&self.0))
    }

    /// Answers being delivered.
    pub(crate) fn open_streams(&self) -> usize {
        self.0.open_streams.load(Ordering::Acquire)
    }

    /// Takes no new messages from now on, and waits until every answer is stored and delivered or `limit` is over.
    pub(crate) async fn drain(&self, services: &Services, limit: Duration) {
        self.0.draining.send_replace(true);
        let deadline = Instant::now() + limit;
        loop {
            let (streams, replies) = (self.open_streams(), services.running_replies());
            if streams == 0 && replies == 0 {
                tracing::info!("every answer was delivered");
                return;
            }
            if Instant::now() >= deadline {
                tracing::warn!(streams, replies, "stopping with answers unfinished");
                return;
            }
            sleep(LOOK).await;
        }
    }
}
