//! What is written in one transaction: all that waits, and while many append what is about to come.

use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::queue::Request;

/// Requests in one transaction at most.
pub(super) const MOST: usize = 512;

/// A group of so many lets the next one grow before it is written.
const BUSY: usize = 32;

/// After which it is let grow no further.
const GROWTH: Duration = Duration::from_millis(1);

/// The requests as they are written.
pub(super) struct Groups {
    pub(super) requests: mpsc::Receiver<Request>,
    is_busy: bool,
}

impl Groups {
    pub(super) fn of(requests: mpsc::Receiver<Request>) -> Self {
        Self { requests, is_busy: false }
    }

    /// Waits for requests and puts them into `group`, which is empty. `false`: the callers' end of the queue is dropped, and the
    /// queue is empty.
    pub(super) fn next(&mut self, group: &mut Vec<Request>) -> bool {
        if self.requests.blocking_recv_many(group, MOST) == 0 {
            return false;
        }
        if self.is_busy {
            self.grow(group);
        }
        self.is_busy = group.len() >= BUSY;
        true
    }

    /// Lets those go first who are about to append: while many do, a commit for some of them costs nearly as much as one for all.
    /// Where no other thread waits for this processor, it takes no time.
    fn grow(&mut self, group: &mut Vec<Request>) {
        let began = Instant::now();
        while group.len() < MOST && began.elapsed() < GROWTH {
            thread::yield_now();
            if self.requests.is_empty() {
                return;
            }
            self.requests.blocking_recv_many(group, MOST - group.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::super::queue::{self, Queue};
    use super::*;

    fn wait(queue: &Queue, requests: usize) {
        for _ in 0..requests {
            assert!(queue.close().now_or_never().is_none(), "nobody writes");
        }
    }

    #[test]
    fn a_group_is_what_waits_and_the_queue_ends_with_its_callers() {
        let (queue, requests) = queue::bounded();
        let (mut groups, mut group) = (Groups::of(requests), Vec::new());
        wait(&queue, BUSY + 1);
        drop(queue);
        assert!(groups.next(&mut group));
        assert_eq!(group.len(), BUSY + 1);
        group.clear();
        assert!(!groups.next(&mut group));
    }

    #[test]
    fn a_group_grows_by_what_waits_and_no_further_than_one_transaction() {
        let (queue, requests) = queue::bounded();
        let (mut groups, mut group) = (Groups::of(requests), Vec::new());
        for (more, grown) in [(BUSY, BUSY), (0, BUSY), (MOST, MOST)] {
            wait(&queue, more);
            groups.grow(&mut group);
            assert_eq!(group.len(), grown);
        }
        assert_eq!(groups.requests.len(), BUSY, "what came too late waits for the next transaction");
    }
}
