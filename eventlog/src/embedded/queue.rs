//! The way of an append, an erasure or the end from a caller to the writer, and of its outcome back.

use chat_schema::{ConversationId, Hash, SealedEvent};
use tokio::sync::{mpsc, oneshot};

use crate::log::{Append, may_begin};

/// Appends that wait at most; beyond it callers wait for a place.
const CAPACITY: usize = 1024;

/// The callers' end. When it is dropped, the writer finishes what is queued and ends.
pub(super) struct Queue(mpsc::Sender<Request>);

/// What is to be written.
pub(super) enum Work {
    /// These events, if the conversation is at version `expected`.
    Append {
        /// Whose they are.
        conversation: ConversationId,
        /// The version.
        expected: u64,
        /// Whether they may also be the first ones of a conversation that has none.
        may_begin: bool,
        /// Hash and bytes of each event.
        events: Vec<(Hash, Box<[u8]>)>,
    },
    /// Nothing: what stands before the event with this version and hash is to be deleted.
    Erase {
        /// Whose event it is.
        conversation: ConversationId,
        /// The version.
        version: u64,
        /// The hash.
        hash: Hash,
    },
    /// Nothing: all that was written before is to be in the one file of the database.
    Close,
}

/// Work on its way. It is answered once, at the latest when dropped: nobody waits for a writer that died.
pub(super) struct Request {
    pub(super) work: Work,
    outcome: Append,
    caller: Option<oneshot::Sender<Append>>,
}

/// A queue, and the writer's end of it.
pub(super) fn bounded() -> (Queue, mpsc::Receiver<Request>) {
    let (sender, receiver) = mpsc::channel(CAPACITY);
    (Queue(sender), receiver)
}

impl Queue {
    /// Sends an append to the writer and waits for its outcome. An append whose caller stopped waiting is written all the same.
    pub(super) async fn append(&self, conversation: ConversationId, expected: u64, events: &[SealedEvent]) -> Append {
        let may_begin = may_begin(expected, events);
        let events = events.iter().map(|event| (event.hash, event.bytes.clone())).collect();
        self.send(Work::Append { conversation, expected, may_begin, events }).await
    }

    /// Has everything deleted that stands before `erasure`. [`Append::Conflict`]: that is not stored.
    pub(super) async fn erase(&self, erasure: &SealedEvent) -> Append {
        let conversation = erasure.envelope.conversation_id;
        self.send(Work::Erase { conversation, version: erasure.envelope.version, hash: erasure.hash }).await
    }

    /// Has all that was written before put into the one file of the database.
    pub(super) async fn close(&self) -> Append {
        self.send(Work::Close).await
    }

    async fn send(&self, work: Work) -> Append {
        let (caller, outcome) = oneshot::channel();
        let request = Request { work, outcome: Append::Unavailable, caller: Some(caller) };
        if self.0.send(request).await.is_err() {
            return Append::Unavailable;
        }
        outcome.await.unwrap_or(Append::Unknown)
    }
}

impl Request {
    /// Takes it to be written: from now on, a writer that dies leaves its outcome unknown.
    pub(super) fn take(&mut self) {
        self.outcome = Append::Unknown;
    }

    /// Tells the caller what became of it.
    pub(super) fn answer(mut self, outcome: Append) {
        self.outcome = outcome;
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        if let Some(caller) = self.caller.take() {
            // Err: the caller stopped waiting.
            let _ = caller.send(self.outcome);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::coop::unconstrained;
    use uuid::Uuid;

    use super::*;

    async fn append(queue: &Queue) -> Append {
        queue.append(Uuid::nil().into(), 0, &[]).await
    }

    #[tokio::test]
    async fn an_append_the_writer_took_before_it_died_is_unknown() {
        let (queue, mut requests) = bounded();
        let writer = async {
            let mut request = requests.recv().await.unwrap();
            request.take();
            drop(request);
        };
        assert_eq!(tokio::join!(append(&queue), writer).0, Append::Unknown);
    }

    #[tokio::test]
    async fn appends_the_writer_never_took_are_unavailable() {
        let (queue, requests) = bounded();
        let death = async { drop(requests) };
        assert_eq!(tokio::join!(append(&queue), death).0, Append::Unavailable, "queued before");
        assert_eq!(append(&queue).await, Append::Unavailable, "after");
    }

    #[tokio::test]
    async fn a_full_queue_makes_callers_wait_for_a_place() {
        let (queue, mut requests) = bounded();
        let mut callers: Vec<_> = (0..=CAPACITY).map(|_| Box::pin(unconstrained(append(&queue)))).collect();
        for caller in &mut callers {
            assert!(futures_util::poll!(caller.as_mut()).is_pending());
        }
        assert_eq!(requests.len(), CAPACITY);

        requests.recv().await.unwrap().answer(Append::Unavailable);
        let last = callers.last_mut().unwrap();
        assert!(futures_util::poll!(last.as_mut()).is_pending());
        assert_eq!(requests.len(), CAPACITY, "the last one has taken the free place");
    }
}
