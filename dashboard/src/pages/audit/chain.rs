//! What the hash chain of a conversation says.

use chat_schema::StoredEvent;

/// The state of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Chain {
    /// Every event follows the one before it, unchanged.
    Whole { events: usize },
    /// The first event that does not.
    Broken { version: Option<u64> },
}

impl Chain {
    pub(super) fn of(events: &[StoredEvent]) -> Self {
        match events.iter().find(|event| !event.verified) {
            Some(event) => Self::Broken { version: event.version },
            None => Self::Whole { events: events.len() },
        }
    }

    pub(super) fn sentence(&self) -> String {
        match self {
            Self::Whole { events: 1 } => "The one event is as it was stored.".into(),
            Self::Whole { events } => format!(
                "All {events} events are as they were stored: none was changed, and none is missing in between."
            ),
            Self::Broken { version: Some(version) } => {
                format!(
                    "The chain is broken at event {version}: it, or the event before it, was changed or is missing."
                )
            }
            Self::Broken { version: None } => "The chain is broken at an event that cannot be read.".into(),
        }
    }
}

/// An event's type in plain words.
pub(super) fn plain(name: Option<&str>) -> &str {
    match name {
        Some("UserMessaged") => "The visitor wrote",
        Some("ReplyStarted") => "Another attempt at an answer",
        Some("AssistantReplied") => "The assistant answered",
        Some("ReplyFailed") => "No answer came",
        Some("ReplyStopped") => "The visitor stopped the answer",
        Some("MessageRated") => "The visitor rated an answer",
        Some("ConversationErased") => "Everything before was erased",
        Some(other) => other,
        None => "Cannot be read",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(version: u64, verified: bool) -> StoredEvent {
        let hash = serde_json::from_str(&format!("\"{}\"", "0".repeat(64))).unwrap();
        let version = Some(version);
        StoredEvent {
            position: 1,
            conversation_id: None,
            version,
            recorded_at: None,
            event_type: None,
            hash,
            verified,
            bytes: String::new(),
        }
    }

    #[test]
    fn the_first_event_that_does_not_follow_is_named() {
        assert_eq!(Chain::of(&[event(1, true), event(2, true)]), Chain::Whole { events: 2 });
        assert_eq!(Chain::of(&[event(1, true), event(2, false), event(3, false)]), Chain::Broken { version: Some(2) });
    }
}
