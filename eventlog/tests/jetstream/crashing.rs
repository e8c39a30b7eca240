//! Servers and processes that end at any moment: what was acknowledged is there.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chat_eventlog::EventLog;
use chat_eventlog::conformance::{Author, assert_chained, history, store};
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
                append_at_last(&*log, &mut author).await;
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
    let mut author = Author::new();
    let mut own = Vec::new();
    for _ in 0..3 {
        append_at_last(&*log, &mut author).await;
        own.push(author.head.hash.to_string());
        server.kill();
        server.restart();
    }
    let mut acknowledged = writers.stop().await;
    acknowledged.extend(own);
    assert!(acknowledged.len() > 10, "the writers wrote nothing");
    assert_holds_exactly(&*log, &acknowledged).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_of_the_stream_s_leader_lose_and_double_nothing() {
    let mut cluster = Cluster::start();
    let log = open(&cluster.url()).await;
    let identity = log.identity();
    let writers = Writers::start(&log);
    let mut author = Author::new();
    let mut own = Vec::new();
    for _ in 0..2 {
        let leader = cluster.leader_of(STREAM);
        cluster.kill(leader);
        append_at_last(&*log, &mut author).await;
        own.push(author.head.hash.to_string());
        cluster.restart(leader);
        cluster.until_current(STREAM);
    }
    let mut acknowledged = writers.stop().await;
    acknowledged.extend(own);
    until_back(&*log).await;
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
}

#[tokio::test(flavor = "multi_thread")]
async fn consumers_are_gone_with_their_subscriptions() {
    let server = Server::start();
    let log = open(&server.url()).await;
    store(&*log, &Author::new().events(1)).await;
    for _ in 0..5 {
        history(&*log).await;
    }
    // Sooner than the servers would drop them by themselves, after 30 s.
    let gone = until("all consumers are deleted", || {
        server.ask("$JS.API.STREAM.INFO.open-chat", "")["state"]["consumer_count"] == 0
    });
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("consumers outlive their subscriptions");
}
