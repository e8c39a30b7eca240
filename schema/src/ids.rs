//! Identifiers. A value of these types has been checked: nothing further in has to check it again.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Longest session or message id, in bytes (the alphabet is ASCII, so also in characters).
const MAX_TOKEN_LENGTH: usize = 128;

/// Namespace of conversation ids (UUIDv5). Changing it would orphan every stored conversation.
const CONVERSATION_NAMESPACE: Uuid = Uuid::from_u128(0x5f0c_63b4_8d1e_5a57_9f0e_2d6b_7c1a_4e93);

/// Why a text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 128 characters of A-Z a-z 0-9 . _ : -")]
pub struct InvalidId;

fn is_token(text: &str) -> bool {
    (1..=MAX_TOKEN_LENGTH).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'-'))
}

macro_rules! token_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                if is_token(&text) { Ok(Self(text.into())) } else { Err(InvalidId) }
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

token_id! {
    /// What a client calls its conversation: 1–128 characters of `A-Z a-z 0-9 . _ : -`.
    /// Whoever knows it can talk in that conversation, so it is never logged.
    SessionId
}

token_id! {
    /// The client's name for one message of a conversation, same alphabet as [`SessionId`]. Sending it again is a retry.
    MessageId
}

impl SessionId {
    /// Whether nobody can guess it, so that knowing it is a credential: a version 4 UUID in its usual form, 122 random bits.
    pub fn is_private(&self) -> bool {
        const USUAL_LENGTH: usize = 36;
        self.as_str().len() == USUAL_LENGTH
            && Uuid::try_parse(self.as_str())
                .is_ok_and(|uuid| uuid.get_version_num() == 4 && uuid.get_variant() == uuid::Variant::RFC4122)
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The id as a UUID.
            pub fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::try_parse(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

uuid_id! {
    /// One conversation: the UUIDv5 of its session id, so that replicas agree on it without talking.
    ConversationId
}

uuid_id! {
    /// One event: a UUIDv7; of an imported one the UUIDv5 of what it was made of.
    EventId
}

uuid_id! {
    /// One run of one server process: random, made at start.
    OwnerId
}

uuid_id! {
    /// One sign-in of one operator: random, no credential by itself.
    OperatorSessionId
}

impl ConversationId {
    /// The stream of what operators do, which is no conversation. A version 8 UUID, so it is no session's.
    pub const OPERATORS: Self = Self(Uuid::from_u128(0x6f70_6572_6174_8f72_8000_0000_0000_0001));

    /// The conversation of a session.
    pub fn of(session: &SessionId) -> Self {
        Self(Uuid::new_v5(&CONVERSATION_NAMESPACE, session.as_str().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_maps_to_the_same_conversation_in_every_release() {
        let session: SessionId = "visitor-1".parse().unwrap();
        assert_eq!(ConversationId::of(&session).to_string(), "c87e3f36-4c7e-5484-a7f1-1215db19dec7");
    }

    #[test]
    fn no_session_maps_to_the_operators_stream() {
        let session: SessionId = "visitor-1".parse().unwrap();
        assert_eq!(ConversationId::of(&session).as_uuid().get_version_num(), 5);
        assert_eq!(ConversationId::OPERATORS.as_uuid().get_version_num(), 8);
    }

    #[test]
    fn only_a_version_4_uuid_is_private() {
        let private = |text: &str| text.parse::<SessionId>().unwrap().is_private();
        assert!(private("3f0c1b2a-9d4e-4c6f-8a7b-1c2d3e4f5a6b"));
        assert!(private("3F0C1B2A-9D4E-4C6F-BA7B-1C2D3E4F5A6B"));
        for guessable in [
            "user-123",
            "3f0c1b2a-9d4e-1c6f-8a7b-1c2d3e4f5a6b",
            "3f0c1b2a-9d4e-7c6f-8a7b-1c2d3e4f5a6b",
            "3f0c1b2a-9d4e-4c6f-0a7b-1c2d3e4f5a6b",
            "3f0c1b2a9d4e4c6f8a7b1c2d3e4f5a6b",
            "urn:uuid:3f0c1b2a-9d4e-4c6f-8a7b-1c2d3e4f5a6b",
            "00000000-0000-0000-0000-000000000000",
            "3f0c1b2a-9d4e-4c6f-8a7b-1c2d3e4f5a6g",
        ] {
            assert!(!private(guessable), "{guessable}");
        }
    }

    #[test]
    fn ids_outside_the_alphabet_are_refused() {
        for text in ["", "a b", "a/b", "ü", "a\n", "a>*", &"x".repeat(129)] {
            assert_eq!(text.parse::<SessionId>(), Err(InvalidId), "{text:?}");
        }
        for text in ["a", "A.b_c:d-9", &"x".repeat(128)] {
            assert!(text.parse::<MessageId>().is_ok(), "{text:?}");
        }
    }
}
