//! An append holds only at the version its caller expects.

use super::history::{append_nothing, sealed};
use super::{Author, Backend, append, history, store};
use crate::log::{Append, Position};

/// Somebody else was faster.
pub async fn an_expectation_below_the_end_conflicts<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let mut author = Author::new();
    let first = author.event();
    let mut late = author.clone();
    let rest = author.events(2);
    store(&*log, std::slice::from_ref(&first)).await;
    store(&*log, &rest).await;

    assert_eq!(append(&*log, &late.events(1)).await, Append::Conflict { expected: 1, actual: 3 });
    assert_eq!(append(&*log, &late.events(2)).await, Append::Conflict { expected: 2, actual: 3 });
    assert_eq!(sealed(history(&*log).await), [vec![first], rest].concat());
}

/// The caller knows of events that are not there.
pub async fn an_expectation_beyond_the_end_conflicts<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let mut author = Author::new();
    let lost = author.events(2);
    let next = author.events(1);
    assert_eq!(append(&*log, &next).await, Append::Conflict { expected: 2, actual: 0 });

    store(&*log, &lost[..1]).await;
    assert_eq!(append(&*log, &next).await, Append::Conflict { expected: 2, actual: 1 });
    assert_eq!(sealed(history(&*log).await), lost[..1]);
}

/// It stores nothing, and its position is that of the conversation's last event.
pub async fn an_append_without_events_checks_its_expectation<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let mut author = Author::new();
    let conversation = author.conversation;
    assert_eq!(append_nothing(&*log, conversation, 0).await, Append::Appended(Position::START));
    assert_eq!(append_nothing(&*log, conversation, 1).await, Append::Conflict { expected: 1, actual: 0 });

    let last = store(&*log, &author.events(2)).await;
    store(&*log, &Author::new().events(1)).await;
    assert_eq!(append_nothing(&*log, conversation, 2).await, Append::Appended(last));
    for wrong in [0, 1, 3, u64::MAX] {
        let conflict = Append::Conflict { expected: wrong, actual: 2 };
        assert_eq!(append_nothing(&*log, conversation, wrong).await, conflict);
    }
    assert_eq!(history(&*log).await.len(), 3);
}
