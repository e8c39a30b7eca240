//! The visitor's wish to end an answer early: made once, seen by whatever works on that answer, and never taken back.

use std::sync::Arc;

use tokio::sync::watch;

/// Clones share the wish.
#[derive(Debug, Clone)]
pub(crate) struct StopSignal(Arc<watch::Sender<bool>>);

impl StopSignal {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    pub(crate) fn request(&self) {
        self.0.send_replace(true);
    }

    pub(crate) fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Completes when the wish is made, at once if it was made before.
    pub(crate) async fn requested(&self) {
        // An error would mean that the sender is gone, and `self` is a sender.
        let _ = self.0.subscribe().wait_for(|requested| *requested).await;
    }
}
