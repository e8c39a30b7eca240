//! Reading a log for audit: what is stored, as it is stored, whether or not it can be understood.
//!
//! Architecture invariant: nothing here ever writes to a log, takes its lock, or keeps others from it. A log can be read while a
//! server uses it, and so can a copy of it that may not be changed.

mod chains;
mod fault;
mod kept;

use async_trait::async_trait;
use chat_schema::{ConversationId, DecodeError, Hash, Head, SealedEvent};

pub use chains::{Chains, ChainsError, Checked, Summary};
pub use fault::{Fault, Place};

use crate::log::{LogError, Position};

/// What is stored in the place of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the whole log.
    pub position: Position,
    /// The conversation it is filed under, beside what its bytes say; `None` if what stands there is no id.
    pub conversation: Option<ConversationId>,
    /// The version it is filed under, where the log files by version.
    pub version: Option<u64>,
    /// The hash that is stored with it; [`Hash::ZERO`] if what stands there is no hash.
    pub hash: Hash,
    /// The bytes that are stored.
    pub bytes: Box<[u8]>,
}

impl Stored {
    /// The event, if the bytes are one.
    ///
    /// # Errors
    /// They are not an event this release reads.
    pub fn open(&self) -> Result<SealedEvent, DecodeError> {
        SealedEvent::open(self.bytes.clone(), self.hash)
    }
}

/// A log, open for reading as it is stored.
#[async_trait]
pub trait Archive: Send + Sync {
    /// Up to `limit` places, fewer if they are large, after `after`, in the order of the log: of one conversation, or of all. None: there are no more now.
    ///
    /// # Errors
    /// The log cannot be read.
    async fn scan(
        &self,
        conversation: Option<ConversationId>,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Stored>, LogError>;

    /// What is wrong with the files that hold the places, beside what stands in them; `None`: nothing, or that is somebody else's to
    /// tell.
    ///
    /// # Errors
    /// The log cannot be read.
    async fn damage(&self) -> Result<Option<String>, LogError> {
        Ok(None)
    }

    /// What whoever reads it should know about this way of reading, in whole sentences.
    fn notes(&self) -> &[String] {
        &[]
    }
}

/// Whether an event follows `head` by its hash. A [`ConversationErased`](chat_schema::Event::ConversationErased) follows the
/// erased head that it names.
pub fn is_linked(event: &SealedEvent, head: Option<&Head>) -> bool {
    match (&event.envelope.event, head) {
        (chat_schema::Event::ConversationErased { erased_events, head: erased }, _) => {
            event.hash == Hash::link(erased, &event.bytes) && erased_events + 1 == event.envelope.version
        }
        (_, head) => event.follows(head.copied().unwrap_or(Head::EMPTY)),
    }
}
