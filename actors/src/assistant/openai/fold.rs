//! Chunks into an answer: what was seen so far, and whether it is whole.

use chat_schema::{FinishReason, Usage};

use super::chunk::Chunk;
use super::fault::Fault;
use crate::assistant::Piece;

pub(super) struct Fold {
    configured_model: String,
    model: Option<String>,
    has_text: bool,
    finish_reason: Option<FinishReason>,
    usage: Option<Usage>,
}

impl Fold {
    pub(super) fn new(configured_model: &str) -> Self {
        Self {
            configured_model: configured_model.to_owned(),
            model: None,
            has_text: false,
            finish_reason: None,
            usage: None,
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        self.finish_reason.is_some()
    }

    /// Takes the next chunk; gives its token.
    pub(super) fn take(&mut self, chunk: Chunk) -> Result<Option<String>, Fault> {
        if self.is_finished() && !chunk.text.is_empty() {
            return Err(Fault::TextAfterEnd);
        }
        self.has_text |= !chunk.text.trim().is_empty();
        self.finish_reason = self.finish_reason.or(chunk.finish_reason);
        self.model = self.model.take().or(chunk.model);
        self.usage = chunk.usage.or(self.usage);
        Ok((!chunk.text.is_empty()).then_some(chunk.text))
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
