//! An assistant on any server that speaks OpenAI's chat completions: OpenAI, Azure's v1 endpoint, Ollama, vLLM, llama.cpp, LiteLLM.
//!
//! Must never take a part of an answer for the whole: only `stop` and `length` finish one, whatever else ends it is a failure. Must
//! never log or pass on what the upstream says besides the answer itself.

mod chunk;
mod events;
mod fault;
mod fold;
mod pattern;
#[cfg(feature = "bench")]
mod reading;
mod request;
mod settings;

use std::ops::ControlFlow;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use async_stream::try_stream;
use bytes::Bytes;
use futures_util::stream::{Stream, StreamExt, TryStreamExt};
use tokio::time::{Instant, timeout, timeout_at};

use self::events::{END, Parser};
use self::fault::Fault;
use self::fold::Fold;
#[cfg(feature = "bench")]
pub use self::reading::read_answer;
use self::request::Upstream;
pub use self::settings::{InvalidOpenAiSettings, OpenAiSettings};
use super::{Answer, Assistant, Piece, PromptMessage};

/// How long after the finish reason the usage and `[DONE]` are waited for; the answer is whole without them.
const TRAILER_PATIENCE: Duration = Duration::from_secs(2);
/// How long after `[DONE]` the end of the body is waited for, so that an HTTP/1.1 connection can be used again.
const BODY_END_PATIENCE: Duration = Duration::from_millis(100);

/// Asks an OpenAI-compatible server. Has no time limits besides the one for connecting: see [`limited`](super::limited).
#[derive(Debug)]
pub struct OpenAiAssistant {
    upstream: Arc<Upstream>,
}

impl OpenAiAssistant {
    /// Checks the settings and prepares an HTTP client, as every thread that answers will have one; connects to nothing yet. The
    /// environment's proxy variables are read then.
    ///
    /// # Panics
    /// When the process has not installed a default rustls `CryptoProvider` before, even for a plain `http://` server.
    pub fn new(settings: OpenAiSettings) -> Result<Self, InvalidOpenAiSettings> {
        Ok(Self { upstream: Arc::new(Upstream::new(settings)?) })
    }
}

impl Assistant for OpenAiAssistant {
    fn answer(&self, history: Vec<PromptMessage>) -> Answer {
        let upstream = Arc::clone(&self.upstream);
        try_stream! {
            let response = upstream.ask(&history).await?;
            let mut body = pin!(response.bytes_stream().map_err(Fault::transport));
            let (mut parser, mut fold) = (Parser::default(), Fold::new(&upstream.model));
            let mut deadline = None;
            loop {
                let Some(bytes) = next(&mut body, deadline).await else { break };
                let is_end = bytes.is_none();
                let parsed = match bytes.unwrap_or(Ok(Bytes::from_static(END))) {
                    Ok(bytes) => parser.parse(&bytes, |event| fold.take(event)),
                    Err(fault) => Err(fault),
                };
                if let Some(tokens) = fold.take_tokens() {
                    yield Piece::Tokens(tokens);
                }
                match parsed {
                    Ok(ControlFlow::Continue(())) if !is_end => {}
                    Ok(ControlFlow::Continue(())) => break,
                    Ok(ControlFlow::Break(done)) => {
                        done?;
                        let finished = fold.finish()?;
                        let rest = async { while body.next().await.is_some() {} };
                        let _ = timeout(BODY_END_PATIENCE, rest).await;
                        yield finished;
                        return;
                    }
                    // As good as the end.
                    Err(_) if fold.is_finished() => break,
                    Err(fault) => Err(fault)?,
                }
                if fold.is_finished() {
                    deadline.get_or_insert_with(|| Instant::now() + TRAILER_PATIENCE);
                }
            }
            yield fold.finish()?;
        }
        .map_err(Fault::report)
        .boxed()
    }
}

/// The next bytes, `Some(None)` at their end. `None`: nothing came until the deadline.
async fn next<S: Stream>(body: &mut Pin<&mut S>, deadline: Option<Instant>) -> Option<Option<S::Item>> {
    match deadline {
        None => Some(body.next().await),
        Some(deadline) => timeout_at(deadline, body.next()).await.ok(),
    }
}
