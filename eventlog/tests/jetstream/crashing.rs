//! Servers and processes that end at any moment: what was acknowledged is there.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chat_eventlog::conformance::{Author, assert_chained, history, store};
use chat_eventlog::{Append, EventLog};
use tokio::task::JoinHandle;

use crate::nats::{Cluster, Server};
use crate::settings::{STREAM, open};
use crate::waiting::{append_at_last, until, until_back};

/// Appends from several conversations until told to stop, and repeats what is not acknowledged until it is.
struct Writers {
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<Vec<String>>>,
}

impl Writers {
    fn start(log: &Arc<impl EventLog>) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let write = |log: Arc<dyn EventLog>, stop: Arc<AtomicBool>| async move {
            let mut author = Author::new();
            let mut acknowledged = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let before = author.head;
                append_at_last(&*log, &mut author).await;
                assert_eq!(author.head.version, before.version + 1);
                acknowledged.push(author.head.hash.to_string());
            }
            acknowledged
        };
        let tasks = (0..8).map(|_| tokio::spawn(write(log.clone(), stop.clone()))).collect();
        Self { stop, tasks }
    }

    /// The hashes of all acknowledged events.
    async fn stop(self) -> HashSet<String> {
        self.stop.store(true, Ordering::Relaxed);
        let mut acknowledged = HashSet::new();
        for task in self.tasks {
            acknowledged.extend(task.await.unwrap());
        }
        acknowledged
    }
}

/// Every acknowledged event once, and no other.
async fn assert_holds_exactly(log: &dyn EventLog, acknowledged: &HashSet<String>) {
    let stored = history(log).await;
    assert_chained(&stored);
    let hashes: HashSet<String> = stored.iter().map(|recorded| recorded.event.hash.to_string()).collect();
    assert_eq!(hashes.len(), stored.len(), "stored twice");
    assert_eq!(&hashes, acknowledged);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_server_has_the_same_log() {
    let mut server = Server::start();
    let log = open(&server.url()).await;
    let mut author = Author::new();
    store(&*log, &author.events(3)).await;
    let (identity, end, events) = (log.identity(), log.end().await.unwrap(), history(&*log).await);
    server.restart();
    until_back(&*log).await;
    assert_eq!(log.end().await.unwrap(), end);
    drop(log);

    let log = open(&server.url()).await;
    assert_eq!(log.identity(), identity);
    assert_eq!(history(&*log).await, events);
    store(&*log, &author.events(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_of_a_server_lose_nothing_that_was_acknowledged() {
    let mut server = Server::start();
    let log = open(&server.url()).await;
    let writers = Writers::start(&log);
    for _ in 0..3 {
        until_back(&*log).await;
        let end = log.end().await.unwrap_or_default();
        let later = append_somewhere(&*log).await;
        assert!(later > end);
        server.kill();
        server.restart();
    }
    let acknowledged = writers.stop().await;
    assert!(acknowledged.len() > 8, "the writers wrote nothing");
    let stored: HashSet<String> =
        history(&*log).await.iter().map(|recorded| recorded.event.hash.to_string()).collect();
    assert_eq!(acknowledged.difference(&stored).count(), 0, "of {} acknowledged events", acknowledged.len());
}

/// Stores one event in a conversation of its own.
async fn append_somewhere(log: &dyn EventLog) -> chat_eventlog::Position {
    let mut author = Author::new();
    append_at_last(log, &mut author).await;
    log.read(author.conversation, 0).await.unwrap()[0].position
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_of_the_stream_s_leader_lose_and_double_nothing() {
    let mut cluster = Cluster::start();
    let log = open(&cluster.url()).await;
    let identity = log.identity();
    let writers = Writers::start(&log);
    for _ in 0..2 {
        let leader = cluster.leader_of(STREAM);
        cluster.kill(leader);
        let mut author = Author::new();
        append_at_last(&*log, &mut author).await;
        drop(author);
        cluster.restart(leader);
        cluster.until_current(STREAM);
    }
    let mut acknowledged = writers.stop().await;
    until_back(&*log).await;
    for recorded in history(&*log).await {
        // The two of this test's own.
        if recorded.event.envelope.version == 1 {
            acknowledged.insert(recorded.event.hash.to_string());
        }
    }
    assert_holds_exactly(&*log, &acknowledged).await;
    assert_eq!(open(&cluster.url()).await.identity(), identity);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ends_leaves_nothing_half_stored() {
    let server = Server::start();
    let log = open(&server.url()).await;
    let mut author = Author::new();
    let events = author.events(200);
    let conversation = author.conversation;
    let sending = tokio::spawn({
        let log = log.clone();
        async move { log.append(conversation, 0, &events).await }
    });
    tokio::task::yield_now().await;
    sending.abort();
    drop(log);

    let log = open(&server.url()).await;
    let found = log.read(conversation, 0).await.unwrap().len();
    assert!(found == 0 || found == 200, "{found}");
    let outcome = log.append(conversation, 0, &Author { conversation, ..Author::new() }.events(1)).await;
    assert!(matches!(outcome, Append::Appended(_)) || found == 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn consumers_are_gone_with_their_subscriptions() {
    let server = Server::start();
    let log = open(&server.url()).await;
    store(&*log, &Author::new().events(1)).await;
    for _ in 0..5 {
        history(&*log).await;
    }
    until("all consumers are deleted", || {
        server.ask("$JS.API.STREAM.INFO.open-chat", "")["state"]["consumer_count"] == 0
    })
    .await;
}
