//! An assistant on any server that speaks OpenAI's chat completions: OpenAI, Azure's v1 endpoint, Ollama, vLLM, llama.cpp, LiteLLM.
//!
//! Must never take a part of an answer for the whole: only `stop` and `length` finish one, whatever else ends it is a failure. Must
//! never log or pass on what the upstream says besides the answer itself.

mod chunk;
mod events;
mod fault;
mod fold;
#[cfg(feature = "bench")]
mod reading;
mod request;
mod settings;

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use async_stream::try_stream;
use futures_util::stream::{Stream, StreamExt, TryStreamExt};
use tokio::time::{Instant, timeout, timeout_at};

use self::chunk::Frame;
use self::events::Event;
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
    /// Checks the settings and prepares the one HTTP client that all answers share; connects to nothing yet. The environment's proxy
    /// variables are read here.
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
            let mut events = pin!(events::read(response.bytes_stream().map_err(Fault::transport)));
            let mut fold = Fold::new(&upstream.model);
            let mut deadline = None;
            while let Some(event) = next(&mut events, deadline).await {
                match chunk::decode(&event?)? {
                    Frame::Nothing => {}
                    Frame::Chunk(chunk) => {
                        if let Some(token) = fold.take(chunk)? {
                            yield Piece::Token(token);
                        }
                    }
                    Frame::Done => {
                        let finished = fold.finish()?;
                        let rest = async { while events.next().await.is_some() {} };
                        let _ = timeout(BODY_END_PATIENCE, rest).await;
                        yield finished;
                        return;
                    }
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

/// The next event. With a deadline, that is after the finish reason, a broken connection or silence is as good as the end.
async fn next<S>(events: &mut Pin<&mut S>, deadline: Option<Instant>) -> Option<Result<Event, Fault>>
where
    S: Stream<Item = Result<Event, Fault>>,
{
    match deadline {
        None => events.next().await,
        Some(deadline) => timeout_at(deadline, events.next()).await.ok().flatten().filter(Result::is_ok),
    }
}
