//! Events into an answer: what was seen so far, and whether it is whole.

use std::borrow::Cow;
use std::mem;
use std::ops::ControlFlow;

use chat_schema::{FinishReason, Usage};

use super::chunk::{self, Chunk, Frame};
use super::events::Event;
use super::fault::Fault;
use crate::assistant::Piece;
use crate::tokens::Tokens;

pub(super) struct Fold {
    configured_model: String,
    model: Option<String>,
    /// Not taken yet.
    tokens: Tokens,
    has_text: bool,
    finish_reason: Option<FinishReason>,
    usage: Option<Usage>,
}

impl Fold {
    pub(super) fn new(configured_model: &str) -> Self {
        Self {
            configured_model: configured_model.to_owned(),
            model: None,
            tokens: Tokens::default(),
            has_text: false,
            finish_reason: None,
            usage: None,
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        self.finish_reason.is_some()
    }

    /// Takes the next event. Nothing counts after a fault, nor after `[DONE]`.
    pub(super) fn take(&mut self, event: &Event) -> ControlFlow<Result<(), Fault>> {
        let taken = match chunk::decode(event) {
            Ok(Frame::Nothing) => Ok(()),
            Ok(Frame::Chunk(chunk)) => self.chunk(chunk),
            Ok(Frame::Done) => return ControlFlow::Break(Ok(())),
            Err(fault) => Err(fault),
        };
        if taken.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(taken) }
    }

    /// The tokens that came since the last call, if any did.
    pub(super) fn take_tokens(&mut self) -> Option<Tokens> {
        (!self.tokens.is_empty()).then(|| mem::take(&mut self.tokens))
    }

    fn chunk(&mut self, chunk: Chunk<'_>) -> Result<(), Fault> {
        if self.is_finished() && !chunk.text.is_empty() {
            return Err(Fault::TextAfterEnd);
        }
        self.has_text |= !chunk.text.trim().is_empty();
        self.finish_reason = self.finish_reason.or(chunk.finish_reason);
        if self.model.is_none() {
            self.model = chunk.model.map(Cow::into_owned);
        }
        self.usage = chunk.usage.or(self.usage);
        self.tokens.push(&chunk.text);
        Ok(())
    }

    /// The end of the answer, if what came is one.
    pub(super) fn finish(self) -> Result<Piece, Fault> {
        let finish_reason = self.finish_reason.ok_or(Fault::Cut)?;
        if !self.has_text {
            return Err(Fault::Empty);
        }
        Ok(Piece::Finished { finish_reason, model: self.model.unwrap_or(self.configured_model), usage: self.usage })
    }
}
