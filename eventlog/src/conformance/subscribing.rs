//! A subscription brings every event once, in the order of the log: first what is there, then what comes.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::task::JoinHandle;

use super::{Author, Backend, assert_chained, history, store, take};
use crate::log::{EventLog, Position, Recorded};

const WRITERS: usize = 8;
const APPENDS: usize = 50;

/// Starts writers whose appends of one and two events make up [`EVENTS`].
fn start_writers(log: &Arc<dyn EventLog>) -> Vec<JoinHandle<()>> {
    let write = |log: Arc<dyn EventLog>| async move {
        let mut author = Author::new();
        for append in 0..APPENDS {
            store(&*log, &author.events(1 + append % 2)).await;
        }
    };
    (0..WRITERS).map(|_| tokio::spawn(write(log.clone()))).collect()
}

const EVENTS: usize = WRITERS * APPENDS * 3 / 2;

/// Also when there are more than a backend reads at once.
pub async fn a_subscription_brings_every_event_in_the_order_of_the_log<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let mut authors = [Author::new(), Author::new(), Author::new()];
    let mut stored: HashMap<_, Position> = HashMap::new();
    for round in 0..51 {
        let events = authors[round % 3].events(50);
        stored.insert(events[49].envelope.id, store(&*log, &events).await);
    }

    let events = take(&mut log.subscribe(Position::START), 2550).await;
    assert_chained(&events);
    assert_eq!(events.last().unwrap().position, log.end().await.unwrap());
    for (index, recorded) in events.iter().enumerate().filter(|(index, _)| index % 50 == 49) {
        assert_eq!(stored.get(&recorded.event.envelope.id), Some(&recorded.position), "event {index}");
    }
}

/// From every position there is.
pub async fn a_subscription_from_the_middle_brings_only_what_is_later<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let mut author = Author::new();
    for count in [1, 2, 3] {
        store(&*log, &author.events(count)).await;
    }
    let events = history(&*log).await;

    for (index, from) in events.iter().enumerate() {
        let mut subscription = log.subscribe(from.position);
        let later = &events[index + 1..];
        assert_eq!(take(&mut subscription, later.len()).await, later);
        assert!(futures_util::poll!(futures_util::StreamExt::next(&mut subscription)).is_pending());
    }
}

/// Subscribers who begin at different times while others write see one and the same log.
pub async fn a_subscription_goes_live_without_gap_or_double<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let mut writers = start_writers(&log);
    let mut subscribers = Vec::new();
    for begin in [0, 1, EVENTS / 4, EVENTS / 2] {
        take(&mut log.subscribe(Position::START), begin).await;
        let mut subscription = log.subscribe(Position::START);
        subscribers.push(tokio::spawn(async move { take(&mut subscription, 2 * EVENTS).await }));
    }
    writers.extend(start_writers(&log));
    for writer in writers {
        writer.await.unwrap();
    }

    let whole = history(&*log).await;
    assert_eq!(whole.len(), 2 * EVENTS);
    for subscriber in subscribers {
        assert_eq!(subscriber.await.unwrap(), whole);
    }
}

/// Nobody has to ask again.
pub async fn a_subscription_to_an_empty_log_waits_for_the_first_event<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let mut subscription = log.subscribe(Position::START);
    assert!(futures_util::poll!(futures_util::StreamExt::next(&mut subscription)).is_pending());

    let mut author = Author::new();
    for _ in 0..3 {
        let event = author.event();
        let position = store(&*log, std::slice::from_ref(&event)).await;
        assert_eq!(take(&mut subscription, 1).await, [Recorded { position, event }]);
    }
}

/// With the position of the last event it saw, also while others write and after the log was opened again.
pub async fn a_cut_subscription_resumes_where_it_was<B: Backend>() {
    let backend = B::start().await;
    let log = backend.open().await;
    let writers = start_writers(&log);
    let mut seen: Vec<Recorded> = Vec::new();
    let position = |seen: &[Recorded]| seen.last().map_or(Position::START, |last| last.position);
    while seen.len() < EVENTS / 2 {
        let mut subscription = log.subscribe(position(&seen));
        seen.extend(take(&mut subscription, 7).await);
    }
    for writer in writers {
        writer.await.unwrap();
    }
    drop(log);

    let log = backend.open().await;
    seen.extend(take(&mut log.subscribe(position(&seen)), EVENTS - seen.len()).await);
    assert_eq!(seen, history(&*log).await);
}
