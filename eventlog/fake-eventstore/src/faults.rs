//! What goes wrong on demand.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tonic::{Code, Status};

use crate::record::Append;

/// What a client gets instead of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// An error of gRPC.
    Error(Code),
    /// That another server is the leader, on this port of the loopback interface.
    NotLeader(u16),
    /// Nothing, for ever.
    Silence,
}

/// What happens to an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppendFault {
    /// Nothing is stored.
    Instead(Answer),
    /// It is stored first.
    After(Answer),
    /// It is stored when the test says so, and its client gets no answer.
    Held,
}

/// The faults that are still to happen.
#[derive(Default)]
pub(crate) struct Faults {
    appends: Mutex<VecDeque<AppendFault>>,
    held: Mutex<Vec<Append>>,
}

impl Faults {
    pub(crate) fn next_append(&self, fault: AppendFault) {
        self.appends().push_back(fault);
    }

    pub(crate) fn of_append(&self) -> Option<AppendFault> {
        self.appends().pop_front()
    }

    pub(crate) fn hold(&self, append: Append) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).push(append);
    }

    pub(crate) fn release(&self) -> Vec<Append> {
        std::mem::take(&mut *self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn appends(&self) -> MutexGuard<'_, VecDeque<AppendFault>> {
        self.appends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answer {
    /// The error, once it is time for it.
    pub(crate) async fn status(self) -> Status {
        match self {
            Self::Error(code) => Status::new(code, "as the test wants it"),
            Self::NotLeader(port) => not_leader(port),
            Self::Silence => std::future::pending().await,
        }
    }
}

/// What a follower answers to whoever wants the leader.
pub(crate) fn not_leader(port: u16) -> Status {
    let mut status = Status::not_found("Leader info available");
    let metadata = status.metadata_mut();
    metadata.insert("exception", "not-leader".parse().expect("plain text"));
    metadata.insert("leader-endpoint-host", "127.0.0.1".parse().expect("plain text"));
    metadata.insert("leader-endpoint-port", port.to_string().parse().expect("a number is plain text"));
    status
}
