//! The assistant port: who generates the answers.

mod demo;
mod limits;
mod openai;

use chat_schema::{FailureReason, FinishReason, Role, Usage};
use futures_util::stream::BoxStream;

use crate::tokens::Tokens;

pub use demo::DemoAssistant;
pub use limits::{Limits, limited};
#[cfg(feature = "bench")]
pub use openai::read_answer;
pub use openai::{InvalidOpenAiSettings, OpenAiAssistant, OpenAiSettings};

/// One message the model is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptMessage {
    /// Who said it.
    pub role: Role,
    /// The text.
    pub content: String,
}

/// A piece of an answer, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// What came at once: one token or several.
    Tokens(Tokens),
    /// The answer is whole. Comes once, last.
    Finished {
        /// How it ended.
        finish_reason: FinishReason,
        /// The model that wrote it.
        model: String,
        /// What it cost, when known.
        usage: Option<Usage>,
    },
}

/// An answer as it is generated. Lazy: nothing is sent upstream before the first poll; dropping it ends the upstream call.
/// A stream that ends without [`Piece::Finished`] was cut.
pub type Answer = BoxStream<'static, Result<Piece, FailureReason>>;

/// Generates answers. Causes of failures are logged where they are met, without any text of the conversation or the upstream.
pub trait Assistant: Send + Sync + 'static {
    /// The answer to `history`, whose last message is the visitor's.
    fn answer(&self, history: Vec<PromptMessage>) -> Answer;
}
