//! Writers at the same time.

use std::sync::Arc;

use tokio::sync::Barrier;

use super::history::sealed;
use super::{Author, Backend, append, history, store};
use crate::log::Append;

/// The loser stores nothing and learns the version that the winner made.
pub async fn of_two_writers_at_the_same_time_exactly_one_wins<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let mut author = Author::new();
    let mut won = Vec::new();
    for _ in 0..200 {
        let expected = author.head.version;
        let start = Arc::new(Barrier::new(2));
        let rivals = [author.clone(), author.clone()].map(|mut rival| {
            let (log, start) = (log.clone(), start.clone());
            tokio::spawn(async move {
                let event = rival.event();
                start.wait().await;
                (append(&*log, std::slice::from_ref(&event)).await, event)
            })
        });
        let mut winners = Vec::new();
        for rival in rivals {
            match rival.await.unwrap() {
                (Append::Appended(_), event) => winners.push(event),
                (outcome, _) => assert_eq!(outcome, Append::Conflict { expected, actual: expected + 1 }),
            }
        }
        assert_eq!(winners.len(), 1, "at version {expected}");
        author.head = winners[0].head();
        won.append(&mut winners);
    }
    assert_eq!(sealed(history(&*log).await), won);
}

/// Nobody pays for another's conversation, whether his append holds or conflicts.
pub async fn writers_of_different_conversations_all_win<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let writers = (0..64).map(|_| {
        let log = log.clone();
        tokio::spawn(async move {
            let mut author = Author::new();
            let mut late = author.clone();
            let late = late.events(1);
            for _ in 0..10 {
                store(&*log, &author.events(2)).await;
                let conflict = Append::Conflict { expected: 0, actual: author.head.version };
                assert_eq!(append(&*log, &late).await, conflict);
            }
            author
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        let author = writer.await.unwrap();
        let last = log.read(author.conversation, 19).await.unwrap();
        assert_eq!(last[0].event.head(), author.head);
    }
    assert_eq!(history(&*log).await.len(), 64 * 20);
}
