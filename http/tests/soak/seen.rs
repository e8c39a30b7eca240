//! What a visitor saw.

use std::time::Duration;

use chat_schema::{MessageId, SessionId};

/// One try of one message at one replica. Times are counted from the beginning of the run, on one clock.
#[derive(Debug, Clone)]
pub struct Seen {
    pub session: SessionId,
    pub message: MessageId,
    /// What was sent.
    pub text: String,
    pub replica: usize,
    pub asked: Duration,
    /// When `start` came: the message is acknowledged.
    pub started: Option<Duration>,
    pub tokens: Vec<(Duration, String)>,
    pub end: End,
    pub ended: Duration,
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// `done`, with this answer: it is acknowledged.
    Done(String),
    /// `error`, with this text.
    Error(String),
    /// Another status than 200, and its code.
    Refused(u16, String),
    /// The connection was closed or could not be made.
    Cut,
    /// Nothing came for so long that the visitor went elsewhere.
    Silent,
}

impl Seen {
    /// The tokens, joined.
    pub fn shown(&self) -> String {
        self.tokens.iter().map(|(_, token)| token.as_str()).collect()
    }

    /// The answer, if the try ended with one.
    pub fn answer(&self) -> Option<&str> {
        match &self.end {
            End::Done(answer) => Some(answer),
            _ => None,
        }
    }
}
