//! What is appended is what is read.

use super::history::sealed;
use super::{Author, Backend, append, history, store};
use crate::log::{Append, Position, Recorded};

/// The stored bytes are what counts: they are what the hashes cover.
pub async fn what_was_appended_is_read_back_byte_for_byte<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let mut author = Author::new();
    let mut events = author.events(3);
    events.push(author.event_of_size(200_000));
    for event in &events {
        store(&*log, std::slice::from_ref(event)).await;
    }

    let read = log.read(author.conversation, 0).await.unwrap();
    assert_eq!(history(&*log).await, read);
    assert_eq!(sealed(read), events);
}

/// From any version, also from the end and from beyond it.
pub async fn a_read_begins_after_the_given_version<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let mut author = Author::new();
    let events = author.events(5);
    store(&*log, &events).await;

    for after in 0..=5 {
        let read = log.read(author.conversation, after).await.unwrap();
        assert_eq!(sealed(read), events[after as usize..], "after {after}");
    }
    for after in [6, u64::MAX] {
        assert_eq!(log.read(author.conversation, after).await.unwrap(), [], "after {after}");
    }
}

/// The acknowledged position is the one that reading shows.
pub async fn versions_and_positions_increase<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let mut author = Author::new();
    let mut acknowledged = Vec::new();
    for count in [1, 3, 1, 2] {
        acknowledged.push(store(&*log, &author.events(count)).await);
    }

    let read = log.read(author.conversation, 0).await.unwrap();
    assert!(read.iter().map(|recorded| recorded.event.envelope.version).eq(1..=7));
    assert!(read.is_sorted_by(|one, next| one.position < next.position));
    assert!(read[0].position > Position::START);
    let last_of_each: Vec<Position> = [0, 3, 4, 6].map(|index: usize| read[index].position).into();
    assert_eq!(acknowledged, last_of_each);
}

/// No reader ever sees a part of an append, and one that conflicts leaves nothing.
pub async fn several_events_are_appended_all_or_none<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let mut written = Vec::new();
    for _ in 0..20 {
        let mut author = Author::new();
        let mut late = author.clone();
        let events = author.events(50);
        let (stored, seen) = tokio::join!(store(&*log, &events), async {
            loop {
                match log.read(author.conversation, 0).await.unwrap() {
                    none if none.is_empty() => tokio::task::yield_now().await,
                    seen => break seen,
                }
            }
        });
        assert_eq!(seen.len(), 50);
        assert_eq!(seen[49].position, stored);
        assert_eq!(append(&*log, &late.events(3)).await, Append::Conflict { expected: 0, actual: 50 });
        written.extend(events);
    }
    assert_eq!(sealed(history(&*log).await), written);
}

/// Neither do two conversations see each other's events, nor does one that is not there see any.
pub async fn conversations_do_not_mix<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let mut authors = [Author::new(), Author::new()];
    let mut written = [vec![], vec![]];
    for round in 0..6 {
        let events = authors[round % 2].events(1 + round % 3);
        store(&*log, &events).await;
        written[round % 2].extend(events);
    }

    for (author, events) in authors.iter().zip(written) {
        assert_eq!(sealed(log.read(author.conversation, 0).await.unwrap()), events);
    }
    assert_eq!(log.read(Author::new().conversation, 0).await.unwrap(), []);
    assert_eq!(history(&*log).await.len(), 12);
}

/// By every way of reading.
pub async fn what_is_acknowledged_can_be_read_at_once<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let writers = (0..8).map(|_| {
        let log = log.clone();
        tokio::spawn(async move {
            let mut author = Author::new();
            for _ in 0..40 {
                let event = author.event();
                let position = store(&*log, std::slice::from_ref(&event)).await;
                assert!(log.end().await.unwrap() >= position);
                let read = log.read(author.conversation, event.envelope.version - 1).await.unwrap();
                assert_eq!(read, [Recorded { position, event }]);
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

/// And does not move when nothing is stored.
pub async fn the_end_is_the_position_of_the_last_event<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    assert_eq!(log.end().await.unwrap(), Position::START);
    assert!(log.is_available());

    let mut author = Author::new();
    let mut late = author.clone();
    for count in [1, 4] {
        let position = store(&*log, &author.events(count)).await;
        assert_eq!(log.end().await.unwrap(), position);
    }
    let end = log.end().await.unwrap();
    assert_eq!(append(&*log, &late.events(1)).await, Append::Conflict { expected: 0, actual: 5 });
    assert_eq!(log.end().await.unwrap(), end);
    assert!(log.is_available(), "a conflict says nothing against the log");
}
