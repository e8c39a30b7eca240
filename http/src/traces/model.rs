//! The span of an answer's generation, from the question until the last piece, or until nobody wants it any more.

use std::sync::Arc;

use chat_actors::assistant::{Answer, Assistant, Piece, PromptMessage};
use chat_schema::FailureReason;
use futures_util::StreamExt;
use opentelemetry::trace::Status;
use tracing::field::Empty;
use tracing::{Span, debug_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// An assistant whose answers have spans.
pub(crate) struct TracedAssistant(pub(crate) Arc<dyn Assistant>);

impl Assistant for TracedAssistant {
    fn answer(&self, history: Vec<PromptMessage>) -> Answer {
        let messages = history.len();
        let span = debug_span!("model", otel.kind = "client", messages, tokens = Empty, finish_reason = Empty);
        let answer = self.0.answer(history);
        let mut tokens = 0_u64;
        // Ends with the stream that holds it.
        answer.inspect(move |piece| note(&span, piece, &mut tokens)).boxed()
    }
}

fn note(span: &Span, piece: &Result<Piece, FailureReason>, tokens: &mut u64) {
    match piece {
        Ok(Piece::Tokens(came)) => {
            if *tokens == 0 {
                span.add_event("first token", Vec::new());
            }
            *tokens += came.len() as u64;
        }
        Ok(Piece::Finished { finish_reason, .. }) => {
            span.record("tokens", *tokens);
            span.record("finish_reason", tracing::field::debug(finish_reason));
        }
        Err(reason) => span.set_status(Status::error(format!("{reason:?}"))),
    }
}
