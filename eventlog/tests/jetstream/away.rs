//! A log that is away says so at once, sends nothing, and comes back by itself.

use std::time::Duration;

use chat_eventlog::conformance::{Author, assert_chained, history, store};
use chat_eventlog::{Append, EventLog, LogError};

use crate::nats::{Cluster, Mode, Proxy, Server};
use crate::settings::open;
use crate::waiting::{append_at_last, until_away, until_back};

/// The log is known to be away: appends come back without being sent, however many there are.
async fn refuses_at_once(log: &dyn EventLog) {
    let appends = async {
        for _ in 0..100 {
            let mut author = Author::new();
            assert_eq!(log.append(author.conversation, 0, &author.events(1)).await, Append::Unavailable);
        }
    };
    // Each of them would take two seconds to find out by itself.
    tokio::time::timeout(Duration::from_secs(20), appends).await.expect("appends wait while the log is away");
}

/// Nothing brings it back while nobody appends, however often the servers are asked.
async fn stays_away(log: &dyn EventLog) {
    let end = std::time::Instant::now() + Duration::from_secs(2);
    while std::time::Instant::now() < end {
        assert!(!log.is_available());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_makes_the_log_away_and_a_restarted_one_brings_it_back() {
    let mut server = Server::start();
    let log = open(&server.url()).await;
    let mut author = Author::new();
    for _ in 0..2 {
        store(&*log, &author.events(1)).await;
        server.kill();
        until_away(&*log).await;
        refuses_at_once(&*log).await;
        assert!(matches!(log.read(author.conversation, 0).await, Err(LogError::Unavailable(_))));
        assert!(matches!(log.end().await, Err(LogError::Unavailable(_))));
        server.restart();
        until_back(&*log).await;
    }
    store(&*log, &author.events(1)).await;
    assert_eq!(history(&*log).await.len(), 3, "what was refused was sent all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stands_still_makes_the_log_away_until_it_goes_on() {
    let server = Server::start();
    let log = open(&server.url()).await;
    let mut author = Author::new();
    store(&*log, &author.events(1)).await;
    server.pause();
    until_away(&*log).await;
    refuses_at_once(&*log).await;
    server.resume();
    until_back(&*log).await;
    store(&*log, &author.events(1)).await;
    assert_eq!(history(&*log).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_whose_acknowledgement_does_not_come_is_unknown_and_makes_the_log_away() {
    let server = Server::start();
    let proxy = Proxy::start(server.port());
    let log = open(&proxy.url()).await;
    let mut author = Author::new();
    store(&*log, &author.events(1)).await;
    let events = author.events(2);
    proxy.set(Mode::Deaf);
    assert_eq!(log.append(author.conversation, 1, &events).await, Append::Unknown);
    assert!(!log.is_available());

    proxy.set(Mode::Pass);
    until_back(&*log).await;
    let stored = store(&*log, &events).await;
    assert_eq!(log.end().await.unwrap(), stored);
    assert_eq!(history(&*log).await.len(), 3, "the append that timed out had been stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_makes_the_log_away_and_its_late_publish_is_stored_once() {
    let server = Server::start();
    let proxy = Proxy::start(server.port());
    let log = open(&proxy.url()).await;
    let mut author = Author::new();
    store(&*log, &author.events(1)).await;
    let events = author.events(1);
    proxy.set(Mode::Partition);
    assert_eq!(log.append(author.conversation, 1, &events).await, Append::Unknown);
    until_away(&*log).await;
    refuses_at_once(&*log).await;
    proxy.set(Mode::Pass);
    until_back(&*log).await;
    store(&*log, &events).await;
    append_at_last(&*log, &mut author).await;
    assert_eq!(history(&*log).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_without_a_majority_is_away_and_with_one_again_comes_back() {
    let mut cluster = Cluster::start();
    let log = open(&cluster.url()).await;
    let mut author = Author::new();
    store(&*log, &author.events(1)).await;
    cluster.kill(0);
    append_at_last(&*log, &mut author).await;
    cluster.kill(1);
    until_away(&*log).await;
    cluster.restart(0);
    append_at_last(&*log, &mut author).await;
    cluster.restart(1);
    append_at_last(&*log, &mut author).await;
    until_back(&*log).await;
    let stored = history(&*log).await;
    assert_chained(&stored);
    assert_eq!(stored.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_was_deleted_is_away_and_another_one_in_its_place_is_not_taken_for_it() {
    let server = Server::start_with(
        "server_name: $NATS_NAME\nhost: $NATS_HOST\nport: $NATS_PORT\njetstream { store_dir: $NATS_STORE }",
    );
    let log = open(&server.url()).await;
    let mut author = Author::new();
    store(&*log, &author.events(1)).await;
    server.ask("$JS.API.STREAM.DELETE.open-chat", "");
    until_away(&*log).await;
    stays_away(&*log).await;

    let other = open(&server.url()).await;
    assert_ne!(other.identity(), log.identity());
    store(&*other, &Author::new().events(1)).await;
    stays_away(&*log).await;
    refuses_at_once(&*log).await;
    assert!(other.is_available());
    assert_eq!(history(&*other).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_stream_refuses_appends_until_it_has_room() {
    let server = Server::start_with(
        "server_name: $NATS_NAME\nhost: $NATS_HOST\nport: $NATS_PORT\njetstream { store_dir: $NATS_STORE }",
    );
    let config = |bytes: u64| {
        format!(
            r#"{{"name":"open-chat","subjects":["open-chat.conversation.*"],"storage":"file","discard":"new","max_bytes":{bytes}}}"#
        )
    };
    server.ask("$JS.API.STREAM.CREATE.open-chat", &config(100_000));
    let log = open(&server.url()).await;
    let mut author = Author::new();
    store(&*log, &[author.event_of_size(60_000)]).await;
    let next = [author.event_of_size(60_000)];
    assert_eq!(log.append(author.conversation, 1, &next).await, Append::Unavailable);
    assert!(!log.is_available());

    server.ask("$JS.API.STREAM.UPDATE.open-chat", &config(1_000_000));
    store(&*log, &next).await;
    assert!(log.is_available());
    assert_eq!(history(&*log).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_connections_but_does_not_reach_the_stream_is_left_for_another() {
    let base = "server_name: $NATS_NAME\nhost: $NATS_HOST\nport: $NATS_PORT\n";
    let mut whole = Server::start_with(&format!("{base}jetstream {{ store_dir: $NATS_STORE }}"));
    let mut without = Server::start_with(base);
    let urls = format!("{},{}", whole.url(), without.url());
    without.stop();
    let log = open(&urls).await;
    let mut author = Author::new();
    store(&*log, &author.events(1)).await;
    without.restart();
    whole.kill();
    until_away(&*log).await;
    whole.restart();
    until_back(&*log).await;
    store(&*log, &author.events(1)).await;
}
