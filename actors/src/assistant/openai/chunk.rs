//! One event's data into what it says about the answer. Fields that are not named here are ignored; a named one of the wrong type
//! makes the event malformed, since guessing could give a wrong answer.

use std::borrow::Cow;

use chat_schema::{FinishReason, Usage};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::events::Event;
use super::fault::Fault;

/// Longest model name taken from the upstream, in bytes: it is stored with every answer.
const MAX_MODEL_BYTES: usize = 256;

/// What one event is.
#[derive(Debug)]
pub(super) enum Frame<'a> {
    /// Keeps the connection alive.
    Nothing,
    /// A part of the answer.
    Chunk(Chunk<'a>),
    /// `[DONE]`.
    Done,
}

/// What one chunk says; most say only one of these.
#[derive(Debug, Default)]
pub(super) struct Chunk<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) finish_reason: Option<FinishReason>,
    pub(super) model: Option<Cow<'a, str>>,
    pub(super) usage: Option<Usage>,
}

/// A text that is not copied where JSON and Rust spell it alike.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct Completion<'a> {
    #[serde(borrow)]
    model: Option<Text<'a>>,
    choices: Option<Vec<Choice<'a>>>,
    usage: Option<Value>,
    error: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    index: Option<u64>,
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
    finish_reason: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    content: Option<Text<'a>>,
    refusal: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct TokenCounts {
    prompt_tokens: u64,
    completion_tokens: u64,
}

/// Reads one event. Only the choice of index 0 counts. A `refusal` is the model declining to answer, which is as final as the
/// content filter. An empty `finish_reason` is none: some servers send it with every chunk.
pub(super) fn decode(event: &Event) -> Result<Frame<'_>, Fault> {
    if event.name == "error" {
        return Err(Fault::Reported);
    }
    let data = event.data.trim();
    if data == "[DONE]" {
        return Ok(Frame::Done);
    }
    if data.is_empty() {
        return Ok(Frame::Nothing);
    }
    let completion: Option<Completion<'_>> = serde_json::from_str(data).map_err(|_| Fault::Malformed)?;
    let Some(completion) = completion else { return Ok(Frame::Nothing) };
    if completion.error.is_some() {
        return Err(Fault::Reported);
    }
    let mut chunk = Chunk {
        model: completion
            .model
            .map(|Text(model)| model)
            .filter(|model| !model.is_empty() && model.len() <= MAX_MODEL_BYTES),
        usage: completion.usage.and_then(usage),
        ..Chunk::default()
    };
    let choices = completion.choices.unwrap_or_default();
    for choice in choices.into_iter().filter(|choice| choice.index.unwrap_or(0) == 0) {
        add(&mut chunk, choice)?;
    }
    Ok(Frame::Chunk(chunk))
}

fn add<'a>(chunk: &mut Chunk<'a>, choice: Choice<'a>) -> Result<(), Fault> {
    if let Some(delta) = choice.delta {
        if delta.refusal.is_some_and(|Text(refusal)| !refusal.is_empty()) {
            return Err(Fault::Filtered);
        }
        if let Some(Text(content)) = delta.content {
            chunk.text += content;
        }
    }
    match choice.finish_reason.as_ref().map(|Text(reason)| &**reason) {
        None | Some("") => {}
        Some("stop") => chunk.finish_reason = Some(FinishReason::Stop),
        Some("length") => chunk.finish_reason = Some(FinishReason::Length),
        Some("content_filter") => return Err(Fault::Filtered),
        Some(_) => return Err(Fault::OtherEnd),
    }
    Ok(())
}

/// Usage of another shape is no usage: the answer does not depend on it.
fn usage(value: Value) -> Option<Usage> {
    let TokenCounts { prompt_tokens, completion_tokens } = serde_json::from_value(value).ok()?;
    Some(Usage { prompt_tokens, completion_tokens })
}
