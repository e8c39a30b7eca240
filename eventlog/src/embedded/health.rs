//! Whether the log takes appends, as far as the last ones showed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A group that takes longer than this stands for a disk that does not answer.
const OVERDUE: Duration = Duration::from_secs(2);

/// Written by the writer, read by everyone.
#[derive(Default)]
pub(super) struct Health {
    failed: AtomicBool,
    commits: AtomicU64,
    writing_since: Mutex<Option<Instant>>,
}

impl Health {
    /// False from a failed group until one is written again, and while one is overdue.
    pub(super) fn is_available(&self) -> bool {
        let overdue = self.writing_since().is_some_and(|since| since.elapsed() > OVERDUE);
        !overdue && !self.failed.load(Ordering::Relaxed)
    }

    /// A group is being written, or no more.
    pub(super) fn writing(&self, writing: bool) {
        *self.writing_since() = writing.then(Instant::now);
    }

    /// Whether the last group failed; tells whether that is news.
    pub(super) fn set_failed(&self, failed: bool) -> bool {
        self.failed.swap(failed, Ordering::Relaxed) != failed
    }

    /// A group is durable.
    pub(super) fn count_commit(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
    }

    /// Groups that were made durable.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    fn writing_since(&self) -> MutexGuard<'_, Option<Instant>> {
        self.writing_since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
