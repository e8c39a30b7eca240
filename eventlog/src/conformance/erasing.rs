//! What was erased is not there for any reader, and the conversation goes on from it.

use chat_schema::Event;

use super::history::{append_nothing, sealed, until_history_is};
use super::{Author, Backend, append, history, store, take};
use crate::head::last_event;
use crate::log::{Append, EventLog, Position};

/// Stores an erasure of everything `author` wrote, and carries it out.
async fn erase(log: &dyn EventLog, author: &mut Author) -> chat_schema::SealedEvent {
    let erasure = author.erasure();
    store(log, std::slice::from_ref(&erasure)).await;
    log.erase(&erasure).await.unwrap();
    erasure
}

/// By every way of reading, now and after the log was opened again; other conversations keep theirs.
pub async fn erased_events_cannot_be_read<B: Backend>() {
    let backend = B::start().await;
    let mut log = backend.open().await;
    let (mut erased, mut kept) = (Author::new(), Author::new());
    let (first, second) = (kept.events(2), kept.events(2));
    store(&*log, &first).await;
    for _ in 0..4 {
        store(&*log, &erased.events(3)).await;
    }
    store(&*log, &second).await;
    let erasure = erase(&*log, &mut erased).await;
    assert_eq!(erasure.envelope.version, 13);

    let rest = [first.clone(), second.clone(), vec![erasure.clone()]].concat();
    for _ in 0..2 {
        assert_eq!(sealed(log.read(erased.conversation, 0).await.unwrap()), std::slice::from_ref(&erasure));
        assert_eq!(sealed(log.read(erased.conversation, 5).await.unwrap()), std::slice::from_ref(&erasure));
        assert_eq!(log.read(erased.conversation, 13).await.unwrap(), []);
        until_history_is(&*log, &rest).await;
        assert_eq!(sealed(log.read(kept.conversation, 0).await.unwrap()), [first.clone(), second.clone()].concat());
        drop(log);
        log = backend.open().await;
    }
}

/// Versions and positions go on, and expectations hold as before.
pub async fn an_erased_conversation_goes_on<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let mut author = Author::new();
    let mut late = author.clone();
    store(&*log, &author.events(3)).await;
    let mut rival = author.clone();
    let before = log.end().await.unwrap();
    let erasure = erase(&*log, &mut author).await;
    let end = log.end().await.unwrap();
    assert!(end > before);
    assert_eq!(append(&*log, &late.events(1)).await, Append::Conflict { expected: 0, actual: 4 });
    assert_eq!(append(&*log, &rival.events(1)).await, Append::Conflict { expected: 3, actual: 4 });
    assert_eq!(append_nothing(&*log, author.conversation, 4).await, Append::Appended(end));

    let next = author.events(2);
    assert!(store(&*log, &next).await > end);
    assert_eq!(append(&*log, &next).await, Append::Appended(log.end().await.unwrap()), "a repetition is known");
    let all = [vec![erasure], next].concat();
    assert_eq!(sealed(log.read(author.conversation, 0).await.unwrap()), all);
    until_history_is(&*log, &all).await;
    let last = last_event(&*log, author.conversation).await.unwrap().unwrap();
    assert_eq!((last.event, last.position), (all[2].clone(), log.end().await.unwrap()));
    assert_eq!(last_event(&*log, Author::new().conversation).await.unwrap(), None);
}

/// Erased again, the first erasure goes too; carried out again, nothing more goes.
pub async fn an_erasure_may_be_repeated_and_followed_by_another<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let mut author = Author::new();
    store(&*log, &author.events(2)).await;
    let first = erase(&*log, &mut author).await;
    let between = author.events(2);
    store(&*log, &between).await;
    log.erase(&first).await.unwrap();
    until_history_is(&*log, &[vec![first], between].concat()).await;

    let second = erase(&*log, &mut author).await;
    log.erase(&second).await.unwrap();
    until_history_is(&*log, std::slice::from_ref(&second)).await;
    assert!(matches!(second.envelope.event, Event::ConversationErased { erased_events: 5, .. }));
}

/// Nothing is deleted that no stored event accounts for.
pub async fn an_erasure_that_is_not_stored_erases_nothing<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let mut author = Author::new();
    let events = author.events(2);
    store(&*log, &events).await;
    assert!(log.erase(&author.clone().erasure()).await.is_err());
    assert!(log.erase(&events[1]).await.is_err(), "no erasure");
    assert_eq!(sealed(history(&*log).await), events);
}

/// Where nothing is stored yet, and only there; anything else begins at version 1.
pub async fn a_restored_conversation_may_begin_with_its_erasure<B: Backend>() {
    let backend = B::start().await;
    let mut log = backend.open().await;
    let mut author = Author::new();
    author.events(3);
    let mut rival = author.clone();
    assert_eq!(append(&*log, &rival.clone().events(1)).await, Append::Conflict { expected: 3, actual: 0 });
    let all = [vec![author.erasure()], author.events(2)].concat();
    store(&*log, &all[..2]).await;
    store(&*log, &all[2..]).await;
    assert_eq!(append(&*log, &[rival.erasure()]).await, Append::Conflict { expected: 3, actual: 6 });
    for _ in 0..2 {
        assert!(matches!(append(&*log, &all).await, Append::Appended(_)), "a repetition is known");
        assert_eq!(sealed(log.read(author.conversation, 0).await.unwrap()), all);
        until_history_is(&*log, &all).await;
        drop(log);
        log = backend.open().await;
    }
    assert!(matches!(append(&*log, &author.events(1)).await, Append::Appended(_)));
}

/// Whoever reads along sees the events or their erasure, never the one without the other after a gap.
pub async fn a_subscription_meets_no_gap_that_is_not_erased<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let mut authors: Vec<Author> = (0..6).map(|_| Author::new()).collect();
    for _ in 0..8 {
        for author in &mut authors {
            store(&*log, &author.events(2)).await;
        }
    }
    let mut begun = log.subscribe(Position::START);
    take(&mut begun, 17).await;
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let log = log.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    no_gap(&*log).await;
                }
            })
        })
        .collect();
    for author in &mut authors {
        erase(&*log, author).await;
    }
    for reader in readers {
        reader.await.unwrap();
    }
    let end = log.end().await.unwrap();
    while take(&mut begun, 1).await[0].position < end {}
}

/// Reads everything; [`history`] checks the chains, an erasure included.
async fn no_gap(log: &dyn EventLog) {
    history(log).await;
}
