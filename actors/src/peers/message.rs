//! What processes on one log say to each other. Nothing here is a fact: facts are in the log.

use bytes::Bytes;
use chat_schema::{ConversationId, MessageId, OwnerId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A message on the bus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(crate) enum PeerMessage {
    /// To everyone: I live.
    Beat { from: OwnerId, number: u64 },
    /// To everyone: I am about to end, and run no turn any more.
    Leave { from: OwnerId },
    /// To a turn's owner: send me its tokens, from number `token` on, under the name `follow`.
    Follow { from: OwnerId, follow: Uuid, conversation: ConversationId, message: MessageId, token: usize },
    /// To a follower: the tokens from number `first` on. Without tokens, a sign of life.
    Tokens { follow: Uuid, first: usize, tokens: Vec<String> },
    /// To a follower: this process does not run that turn, or does no longer. The log knows how it ended.
    Ended { follow: Uuid },
    /// To a turn's owner: its visitor has read enough.
    Stop { conversation: ConversationId, message: MessageId },
}

impl PeerMessage {
    pub(crate) fn encode(&self) -> Bytes {
        serde_json::to_vec(self).expect("a message has string keys only, so it is always JSON").into()
    }

    /// `None`: not a message of this release.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_another_release_is_passed_over() {
        assert_eq!(PeerMessage::decode(br#"{"type":"wave","from":"here"}"#), None);
        assert_eq!(PeerMessage::decode(b"\xff{"), None);
        let leave = PeerMessage::Leave { from: Uuid::new_v4().into() };
        assert_eq!(PeerMessage::decode(&leave.encode()), Some(leave));
    }
}
