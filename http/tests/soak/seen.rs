//! What a visitor saw.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chat_schema::{MessageId, SessionId};

/// Times of a run: since the Unix epoch, as the replicas' clocks say, but never going back.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    began: Instant,
    began_at: Duration,
}

impl Clock {
    pub fn start() -> Self {
        Self { began: Instant::now(), began_at: SystemTime::now().duration_since(UNIX_EPOCH).unwrap() }
    }

    pub fn now(&self) -> Duration {
        self.began_at + self.began.elapsed()
    }
}

/// One try of one message at one replica, with times of one [`Clock`].
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
    /// When the visitor first knew that the message is stored.
    pub fn acknowledged(&self) -> Option<Duration> {
        self.started.or(self.answer().map(|_| self.ended))
    }

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
