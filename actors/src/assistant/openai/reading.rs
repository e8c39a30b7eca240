//! Reading an answer without asking for one, for the benches.

use std::pin::pin;

use futures_util::stream::{self, StreamExt};

use super::chunk::{self, Frame};
use super::events;
use super::fold::Fold;

/// Reads the body of an answer that comes in these pieces. How many tokens it has; `None`: it is not whole.
pub async fn read_answer(body: Vec<String>) -> Option<usize> {
    let mut events = pin!(events::read(stream::iter(body.into_iter().map(Ok))));
    let (mut fold, mut tokens) = (Fold::new("scripted"), 0);
    while let Some(event) = events.next().await {
        match chunk::decode(&event.ok()?).ok()? {
            Frame::Nothing => {}
            Frame::Chunk(chunk) => tokens += usize::from(fold.take(chunk).ok()?.is_some()),
            Frame::Done => break,
        }
    }
    fold.finish().ok().map(|_| tokens)
}
