//! Where work that takes time belongs. An effect's own scope ends with its next run, and whatever was begun in it; so pages begin
//! their work in the scope they were made in.

use std::pin::Pin;

use sycamore::futures::spawn_local_scoped;
use sycamore::prelude::*;

/// A scope to begin work in; the work is given up when the scope ends.
#[derive(Clone, Copy)]
pub(crate) struct Tasks(NodeHandle);

impl Tasks {
    /// Of the component this is called in.
    pub(crate) fn here() -> Self {
        Self(use_current_scope())
    }

    /// Begins something, wherever this is called.
    pub(crate) fn begin(self, work: impl Future<Output = ()> + 'static) {
        // Boxed, so that the machinery around it is in the program once.
        let work: Pin<Box<dyn Future<Output = ()>>> = Box::pin(work);
        self.0.run_in(|| spawn_local_scoped(work));
    }

    /// Does something at once, as if it were done in that scope.
    pub(crate) fn run<T>(self, work: impl FnOnce() -> T) -> T {
        self.0.run_in(work)
    }
}
