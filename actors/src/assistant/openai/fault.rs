//! What can go wrong with an upstream, as the operator's log tells it. Nothing here holds a text of the upstream or of a conversation.

use std::error::Error;

use chat_schema::FailureReason;

use super::events::MAX_EVENT_BYTES;

#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("{}", causes(.0))]
    Transport(reqwest::Error),
    #[error("the server refused the request")]
    Refused { status: u16, retry_after_s: Option<u64> },
    #[error("the server sent one JSON document instead of an event stream: it does not support \"stream\": true")]
    NotStreamed,
    #[error("the server sent an event that is not a piece of a chat completion")]
    Malformed,
    #[error("the server sent an event of more than {MAX_EVENT_BYTES} bytes")]
    Oversized,
    #[error("the server reported an error in place of the answer")]
    Reported,
    #[error("the answer ended for another reason than stop or length")]
    OtherEnd,
    #[error("the answer went on after its finish reason")]
    TextAfterEnd,
    #[error("the answer broke off without a finish reason")]
    Cut,
    #[error("the content filter or the model refused to answer")]
    Filtered,
    #[error("the answer held no text")]
    Empty,
}

impl Fault {
    pub(super) fn transport(error: reqwest::Error) -> Self {
        Self::Transport(error.without_url())
    }

    /// Logs the fault; gives what the conversation is told.
    pub(super) fn report(self) -> FailureReason {
        if let Self::Refused { status, retry_after_s } = self {
            tracing::warn!(status, retry_after_s, check = suspect(status), error = %self, "no answer from the upstream");
        } else {
            tracing::warn!(error = %self, "no answer from the upstream");
        }
        match self {
            Self::Filtered => FailureReason::Filtered,
            Self::Empty => FailureReason::Empty,
            _ => FailureReason::Unavailable,
        }
    }
}

/// The variable that is most likely wrong when the server answers with this status.
fn suspect(status: u16) -> Option<&'static str> {
    match status {
        401 | 403 => Some("OPENAI_API_KEY"),
        404 => Some("OPENAI_BASE_URL, OPENAI_MODEL"),
        300..=399 => Some("OPENAI_BASE_URL"),
        _ => None,
    }
}

/// An error with all it was caused by; HTTP errors keep the telling part, such as "connection refused", at the bottom.
pub(super) fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
