//! Sending an append again, because its acknowledgement was lost, never stores it again.

use std::pin::pin;

use super::history::sealed;
use super::{Author, Backend, append, history, store};
use crate::log::Append;

/// And answers as it did the first time.
pub async fn a_repeated_append_is_stored_once<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let mut author = Author::new();
    for count in [1, 3] {
        let events = author.events(count);
        let position = store(&*log, &events).await;
        assert_eq!(store(&*log, &events).await, position);
        assert_eq!(store(&*log, &events).await, position);
    }
    assert_eq!(history(&*log).await.len(), 4);
}

/// A retry may come late: the conversation, and others, went on meanwhile.
pub async fn a_repeated_append_is_known_after_later_events<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let mut author = Author::new();
    let appends = [author.events(1), author.events(3), author.events(2)];
    let mut positions = Vec::new();
    for events in &appends {
        positions.push(store(&*log, events).await);
        store(&*log, &Author::new().events(1)).await;
    }

    for (events, position) in appends.iter().zip(positions) {
        assert_eq!(store(&*log, events).await, position);
    }
    assert_eq!(history(&*log).await.len(), 9);
}

/// What a log knows about its appends is not only in memory.
pub async fn a_repeated_append_is_known_after_reopening<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let mut author = Author::new();
    let events = author.events(2);
    let position = store(&*log, &events).await;
    let later = author.events(1);
    store(&*log, &later).await;
    drop(log);

    let log = backend.open().await;
    assert_eq!(store(&*log, &events).await, position);
    assert_eq!(sealed(history(&*log).await), [events, later].concat());
}

/// A retry may overtake its first try.
pub async fn identical_appends_at_the_same_time_are_stored_once<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let mut author = Author::new();
    for _ in 0..20 {
        let events = author.events(2);
        let (one, two, three) = tokio::join!(store(&*log, &events), store(&*log, &events), store(&*log, &events));
        assert!(one == two && two == three);
    }
    assert_eq!(history(&*log).await.len(), 40);
}

/// Only the whole append is a repetition: not one that shares its beginning, and not a part of it that goes on otherwise.
pub async fn another_append_in_the_same_place_conflicts<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let mut author = Author::new();
    let mut rival = author.clone();
    let events = author.events(2);
    store(&*log, &events).await;
    let conflict = Append::Conflict { expected: 0, actual: 2 };

    assert_eq!(append(&*log, &rival.events(2)).await, conflict, "other events");
    let longer = [events.clone(), author.events(1)].concat();
    assert_eq!(append(&*log, &longer).await, conflict, "one event more");
    let mut fork = Author { head: events[0].head(), ..rival };
    let forked = [vec![events[0].clone()], fork.events(1)].concat();
    assert_eq!(append(&*log, &forked).await, conflict, "another second event");
    assert_eq!(sealed(history(&*log).await), events);
}

/// The caller sends and dies; what it started finds out by sending the same again.
pub async fn an_append_that_lost_its_acknowledgement_is_stored_once<B: Backend>() {
    let backend = B::start().await;
    let mut author = Author::new();
    for round in 1..=10 {
        let log = backend.open().await;
        let events = author.events(2);
        {
            let expected = events[0].envelope.version - 1;
            let mut lost = pin!(log.append(author.conversation, expected, &events));
            let _ = futures_util::poll!(lost.as_mut());
        }
        drop(log);

        let log = backend.open().await;
        let position = store(&*log, &events).await;
        assert_eq!(store(&*log, &events).await, position);
        assert_eq!(history(&*log).await.len(), 2 * round);
    }
}
