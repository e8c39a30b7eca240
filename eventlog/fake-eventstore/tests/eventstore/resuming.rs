//! A subscription goes on whatever happens to the server, without gap or double, and ends only with its log.

use std::sync::Arc;

use chat_eventlog::conformance::{Author, assert_chained, history, store, take};
use chat_eventlog::eventstore::EventStoreLog;
use chat_eventlog::{EventLog, Position, Recorded};
use futures_util::StreamExt;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::settings::{PATIENCE, append_at_last, open, start, until_away};

/// Somebody who follows the log and writes down what comes.
struct Subscriber {
    log: Arc<EventStoreLog>,
    seen: watch::Receiver<Vec<Recorded>>,
}

impl Subscriber {
    fn start(log: Arc<EventStoreLog>) -> Self {
        let (sender, seen) = watch::channel(Vec::new());
        let mut subscription = log.subscribe(Position::START);
        tokio::spawn(async move {
            while let Some(event) = subscription.next().await {
                sender.send_modify(|seen| seen.push(event.unwrap()));
            }
        });
        Self { log, seen }
    }

    /// Waits until it has seen all there is, and compares.
    async fn has_all(&mut self) {
        let all = history(&*self.log).await;
        assert_chained(&all);
        let met = self.seen.wait_for(|seen| seen.len() >= all.len());
        let seen = timeout(PATIENCE, met).await.expect("the subscription does not go on").unwrap().clone();
        assert_eq!(seen, all);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_subscription_goes_on_without_gap_or_double() {
    let (database, node) = start();
    let log = open(&node).await;
    let mut subscriber = Subscriber::start(log.clone());
    let mut author = Author::new();
    for round in 0..10 {
        store(&*log, &author.events(1 + round % 3)).await;
        if round % 2 == 0 {
            subscriber.has_all().await;
        }
        database.drop_subscriptions();
        store(&*log, &author.events(2)).await;
    }
    subscriber.has_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_goes_on_after_kills_of_the_server() {
    let (_database, mut node) = start();
    let log = open(&node).await;
    let mut subscriber = Subscriber::start(log.clone());
    let mut author = Author::new();
    for _ in 0..3 {
        append_at_last(&*log, &mut author).await;
        subscriber.has_all().await;
        node.kill();
        until_away(&*log).await;
        node.restart().unwrap();
        append_at_last(&*log, &mut author).await;
        subscriber.has_all().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_that_falls_silent_is_noticed_and_begun_anew() {
    let (database, node) = start();
    let log = open(&node).await;
    let mut subscription = log.subscribe(Position::START);
    let mut author = Author::new();
    store(&*log, &author.events(1)).await;
    take(&mut subscription, 1).await;
    database.silence_subscriptions();
    let position = store(&*log, &author.events(1)).await;
    assert_eq!(timeout(PATIENCE, take(&mut subscription, 1)).await.expect("it stays silent")[0].position, position);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_ends_with_its_log_even_while_the_server_is_away() {
    let (_database, mut node) = start();
    let log = open(&node).await;
    let (mut following, mut waiting) = (log.subscribe(Position::START), log.subscribe(Position::START));
    store(&*log, &Author::new().events(1)).await;
    take(&mut following, 1).await;
    node.kill();
    until_away(&*log).await;
    let waiting = tokio::spawn(async move { waiting.next().await.is_none() });
    drop(log);
    let ended = timeout(PATIENCE, async { following.next().await.is_none() && waiting.await.unwrap() });
    assert!(ended.await.expect("it goes on without its log"));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_one_append_are_told_apart_by_their_positions() {
    let (_database, node) = start();
    let log = open(&node).await;
    let mut author = Author::new();
    store(&*log, &author.events(256)).await;
    let all = history(&*log).await;
    for from in [0, 100, 254, 255] {
        let later = take(&mut log.subscribe(all[from].position), all.len() - from - 1).await;
        assert_eq!(later, all[from + 1..], "after {from}");
    }
}
