//! What the tests of the assistants share: asking, and waiting for the whole answer.

use std::time::Duration;

use chat_actors::assistant::{Answer, Assistant, OpenAiAssistant, OpenAiSettings, Piece, PromptMessage};
use chat_schema::{FailureReason, FinishReason, Role, Usage};
use futures_util::StreamExt;
use tokio::time::timeout;

use crate::log;
use crate::scripted_upstream::{Script, ScriptedUpstream};

/// A bound on hangs, not a measurement.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer that came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Whole {
    pub(crate) tokens: Vec<String>,
    pub(crate) finish_reason: FinishReason,
    pub(crate) model: String,
    pub(crate) usage: Option<Usage>,
}

impl Whole {
    pub(crate) fn text(&self) -> String {
        self.tokens.concat()
    }
}

pub(crate) fn settings(base_url: String) -> OpenAiSettings {
    OpenAiSettings { base_url, model: "configured-1".to_owned(), system_proxy: false, ..OpenAiSettings::default() }
}

pub(crate) fn build(settings: OpenAiSettings) -> OpenAiAssistant {
    log::listen();
    // The tests of one process race for this; whoever is first, a provider is installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    OpenAiAssistant::new(settings).unwrap()
}

pub(crate) fn assistant(upstream: &ScriptedUpstream) -> OpenAiAssistant {
    build(settings(upstream.base_url()))
}

pub(crate) fn said(role: Role, content: &str) -> PromptMessage {
    PromptMessage { role, content: content.to_owned() }
}

pub(crate) fn question() -> Vec<PromptMessage> {
    vec![said(Role::User, "Where is my parcel?")]
}

/// The next piece, which must come.
pub(crate) async fn next(answer: &mut Answer) -> Result<Piece, FailureReason> {
    timeout(PATIENCE, answer.next()).await.expect("no piece came").expect("the answer ended without an end")
}

pub(crate) fn token(text: &str) -> Result<Piece, FailureReason> {
    Ok(Piece::Tokens(text.into()))
}

/// Reads an answer to its end, and makes sure that nothing follows it.
pub(crate) async fn whole(mut answer: Answer) -> Result<Whole, FailureReason> {
    let mut tokens = Vec::new();
    let end = loop {
        match next(&mut answer).await {
            Ok(Piece::Tokens(more)) => {
                assert!(!more.is_empty());
                tokens.extend(more.after(0).map(str::to_owned));
            }
            Ok(Piece::Finished { finish_reason, model, usage }) => {
                break Ok(Whole { tokens, finish_reason, model, usage });
            }
            Err(reason) => break Err(reason),
        }
    };
    assert!(timeout(PATIENCE, answer.next()).await.unwrap().is_none(), "a piece came after the end");
    end
}

/// The answer of an upstream that follows this one script.
pub(crate) async fn answered(script: Script) -> Result<Whole, FailureReason> {
    let upstream = ScriptedUpstream::start().await;
    upstream.push(script);
    whole(assistant(&upstream).answer(question())).await
}
