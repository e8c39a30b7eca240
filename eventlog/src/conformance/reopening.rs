//! A log outlives the process that has it open.

use super::{Author, Backend, history, store};

/// It is the same log, with the same events, and goes on where it was.
pub async fn a_log_is_the_same_after_reopening<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let mut author = Author::new();
    for _ in 0..3 {
        store(&*log, &author.events(2)).await;
    }
    let (identity, end, events) = (log.identity(), log.end().await.unwrap(), history(&*log).await);
    drop(log);

    let log = backend.open().await;
    assert_eq!(log.identity(), identity);
    assert_eq!(log.end().await.unwrap(), end);
    assert_eq!(history(&*log).await, events);
    assert!(store(&*log, &author.events(1)).await > end);
}

/// A checkpoint of one log says nothing about another.
pub async fn every_log_has_an_identity_of_its_own<B: Backend>() {
    let (one, other) = (B::start().await, B::start().await);
    assert_ne!(one.open().await.identity(), other.open().await.identity());
}
