//! What an answer may take: time and bytes. They hold for any assistant, so none has to keep its own clock.

use std::time::Duration;

use async_stream::stream;
use chat_schema::FailureReason;
use futures_util::stream::StreamExt;
use tokio::time::Instant;

use super::{Answer, Piece};
use crate::alarm::Alarm;
use crate::metrics::METRICS;

/// How long an answer may take and how big it may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the first poll to the first token: connecting, queueing at the upstream and thinking.
    pub first_token: Duration,
    /// From one token to the next, and from the last to the end.
    pub between_tokens: Duration,
    /// From the first poll to the end.
    pub whole_answer: Duration,
    /// Most bytes of text.
    pub max_answer_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            first_token: Duration::from_secs(60),
            between_tokens: Duration::from_secs(30),
            whole_answer: Duration::from_secs(300),
            max_answer_bytes: 256 * 1024,
        }
    }
}

/// `answer`, ended with [`FailureReason::TimedOut`] or [`FailureReason::TooLong`] when it exceeds `limits`. The upstream call is
/// given up before that failure is handed out. Time the caller takes between two polls counts for the whole answer only.
pub fn limited(mut answer: Answer, limits: Limits) -> Answer {
    stream! {
        let whole = Instant::now() + limits.whole_answer;
        let mut patience = limits.first_token;
        let mut alarm = Alarm::new(Instant::now() + patience);
        let mut bytes = 0;
        let failure = loop {
            match alarm.limit(whole.min(Instant::now() + patience), answer.next()).await {
                Some(Some(Ok(Piece::Tokens(tokens)))) => {
                    bytes += tokens.text().len();
                    if bytes > limits.max_answer_bytes {
                        break FailureReason::TooLong;
                    }
                    patience = limits.between_tokens;
                    yield Ok(Piece::Tokens(tokens));
                }
                Some(Some(end)) => {
                    yield end;
                    return;
                }
                Some(None) => return,
                None => {
                    METRICS.upstream_timed_out();
                    break FailureReason::TimedOut;
                }
            }
        };
        drop(answer);
        tracing::warn!(?failure, bytes, "assistant's answer exceeded its limits");
        yield Err(failure);
    }
    .boxed()
}
