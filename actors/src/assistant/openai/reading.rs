//! Reading an answer without asking for one, for the benches.

use std::ops::ControlFlow;

use super::events::{END, Parser};
use super::fold::Fold;

/// Reads the body of an answer that comes in these pieces. How many tokens it has; `None`: it is not whole.
pub fn read_answer(body: &[String]) -> Option<usize> {
    let (mut parser, mut fold, mut tokens) = (Parser::default(), Fold::new("scripted"), 0);
    for bytes in body.iter().map(String::as_bytes).chain([END]) {
        let parsed = parser.parse(bytes, |event| fold.take(event)).ok()?;
        tokens += fold.take_tokens().map_or(0, |tokens| tokens.len());
        if let ControlFlow::Break(done) = parsed {
            done.ok()?;
            break;
        }
    }
    fold.finish().ok().map(|_| tokens)
}
