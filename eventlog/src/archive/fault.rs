//! What can be wrong with a stored event.

use chat_schema::ConversationId;

use crate::log::Position;

/// The first thing that is wrong with a conversation. None of it shows any text of a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The bytes, the hash or the place of an event are not what was stored.
    #[error("changed: {why}")]
    Changed {
        /// What shows it.
        why: &'static str,
    },
    /// The event before it is not there, and was not erased.
    #[error("missing: version {version} is not there before it")]
    Missing {
        /// The first version that is not there.
        version: u64,
    },
    /// An event of this version, or a later one, stands before it.
    #[error("out of order: it stands after version {after}")]
    OutOfOrder {
        /// The version before it.
        after: u64,
    },
    /// A head that was kept elsewhere is not in the log, and was not erased.
    #[error("missing: a head kept elsewhere is not in the log")]
    Dropped,
}

/// Where a fault is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The conversation; `None` if not even that can be read.
    pub conversation: Option<ConversationId>,
    /// The version, as far as it is known.
    pub version: Option<u64>,
    /// The position; `None` for what is not in the log.
    pub position: Option<Position>,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.conversation {
            Some(conversation) => write!(f, "conversation {conversation}")?,
            None => write!(f, "conversation unknown")?,
        }
        match self.version {
            Some(version) => write!(f, ", version {version}")?,
            None => write!(f, ", version unknown")?,
        }
        match self.position {
            Some(position) => write!(f, ", position {position}"),
            None => write!(f, ", not in the log"),
        }
    }
}
