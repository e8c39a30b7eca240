//! What the streams of a log are called.

use std::sync::Arc;

use chat_schema::ConversationId;

/// The names of one log's streams. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Names {
    conversations: Arc<str>,
    log: Arc<str>,
    peers: Arc<str>,
}

impl Names {
    /// `namespace` comes before all of them.
    pub(super) fn new(namespace: &str) -> Self {
        Self {
            conversations: format!("{namespace}conversation-").into(),
            log: format!("{namespace}open-chat-log").into(),
            peers: format!("{namespace}open-chat-peers").into(),
        }
    }

    /// What every stream of events begins with, followed by the conversation's id.
    pub(super) fn conversations(&self) -> &str {
        &self.conversations
    }

    /// The stream that says which log this is.
    pub(super) fn log(&self) -> String {
        self.log.as_ref().to_owned()
    }

    /// The stream of messages between processes.
    pub(super) fn peers(&self) -> String {
        self.peers.as_ref().to_owned()
    }

    /// The stream of a conversation.
    pub(super) fn of(&self, conversation: ConversationId) -> String {
        format!("{}{conversation}", self.conversations)
    }

    /// The conversation whose stream this is; `None` if it is a stream of somebody else.
    pub(super) fn conversation(&self, stream: &str) -> Option<ConversationId> {
        let id = stream.strip_prefix(self.conversations.as_ref())?;
        id.parse().ok().filter(|conversation: &ConversationId| conversation.to_string() == id)
    }
}

/// The stream of another one's metadata.
pub(super) fn metadata(stream: &str) -> String {
    format!("$${stream}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_streams_of_conversations_are_ours() {
        let names = Names::new("test-");
        let conversation: ConversationId = "c87e3f36-4c7e-5484-a7f1-1215db19dec7".parse().unwrap();
        assert_eq!(names.conversation(&names.of(conversation)), Some(conversation));
        for other in [
            "conversation-c87e3f36-4c7e-5484-a7f1-1215db19dec7",
            "test-conversation-42",
            "test-conversation-C87E3F36-4C7E-5484-A7F1-1215DB19DEC7",
            "test-conversation-c87e3f364c7e5484a7f11215db19dec7",
            "$$test-conversation-c87e3f36-4c7e-5484-a7f1-1215db19dec7",
        ] {
            assert_eq!(names.conversation(other), None, "{other}");
        }
    }
}
