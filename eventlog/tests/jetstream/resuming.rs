//! A subscription goes on whatever happens to the servers, without gap or double, and ends only with its log.

use std::sync::Arc;
use std::time::Duration;

use chat_eventlog::conformance::{Author, assert_chained, history, store, take};
use chat_eventlog::jetstream::JetStreamLog;
use chat_eventlog::{EventLog, Position, Recorded};
use futures_util::StreamExt;
use serde_json::Value;

use crate::nats::{Cluster, Mode, Proxy, Server};
use crate::settings::{STREAM, open};
use crate::waiting::{PATIENCE, append_at_last};

/// Somebody who follows the log and writes down what comes.
struct Subscriber {
    /// By which it is told what there is to see.
    log: Arc<JetStreamLog>,
    seen: tokio::sync::watch::Receiver<Vec<Recorded>>,
}

impl Subscriber {
    fn start(log: Arc<JetStreamLog>) -> Self {
        let (sender, seen) = tokio::sync::watch::channel(Vec::new());
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
        let seen = tokio::time::timeout(PATIENCE, met).await.expect("the subscription does not go on").unwrap().clone();
        assert_eq!(seen, all);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_goes_on_after_restarts_of_the_server() {
    let mut server = Server::start();
    let log = open(&server.url()).await;
    let mut subscriber = Subscriber::start(log.clone());
    let mut author = Author::new();
    for round in 0..4 {
        append_at_last(&*log, &mut author).await;
        subscriber.has_all().await;
        if round % 2 == 1 {
            server.kill();
        }
        server.restart();
        append_at_last(&*log, &mut author).await;
        subscriber.has_all().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_goes_on_after_its_server_stood_still() {
    let server = Server::start();
    let log = open(&server.url()).await;
    let mut subscriber = Subscriber::start(log.clone());
    let mut author = Author::new();
    append_at_last(&*log, &mut author).await;
    subscriber.has_all().await;
    server.pause();
    crate::waiting::until_away(&*log).await;
    server.resume();
    append_at_last(&*log, &mut author).await;
    subscriber.has_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_goes_on_after_kills_of_any_node_of_the_cluster() {
    let mut cluster = Cluster::start();
    let log = open(&cluster.url()).await;
    let mut subscriber = Subscriber::start(log.clone());
    let mut author = Author::new();
    append_at_last(&*log, &mut author).await;
    let leader = cluster.leader_of(STREAM);
    for node in [leader, (leader + 1) % 3, (leader + 2) % 3] {
        cluster.kill(node);
        append_at_last(&*log, &mut author).await;
        subscriber.has_all().await;
        cluster.restart(node);
        cluster.until_current(STREAM);
        append_at_last(&*log, &mut author).await;
    }
    subscriber.has_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_survives_the_loss_of_what_was_under_way() {
    let server = Server::start();
    let proxy = Proxy::start(server.port());
    let writing = open(&server.url()).await;
    let following = open(&proxy.url()).await;
    let mut subscriber = Subscriber::start(following.clone());
    subscriber.log = writing.clone();
    let mut author = Author::new();
    for mode in [Mode::Deaf, Mode::Cut, Mode::Partition, Mode::Deaf] {
        store(&*writing, &author.events(2)).await;
        subscriber.has_all().await;
        proxy.set(mode);
        store(&*writing, &author.events(3)).await;
        proxy.set(Mode::Pass);
    }
    subscriber.has_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_makes_itself_a_new_consumer_when_its_own_was_deleted() {
    let server = Server::start_with(
        "server_name: $NATS_NAME\nhost: $NATS_HOST\nport: $NATS_PORT\njetstream { store_dir: $NATS_STORE }",
    );
    let log = open(&server.url()).await;
    let mut subscriber = Subscriber::start(log.clone());
    let mut author = Author::new();
    for _ in 0..3 {
        append_at_last(&*log, &mut author).await;
        subscriber.has_all().await;
        let consumers = server.ask("$JS.API.CONSUMER.NAMES.open-chat", "")["consumers"].clone();
        for consumer in consumers.as_array().unwrap() {
            let name = consumer.as_str().unwrap();
            server.try_ask(&format!("$JS.API.CONSUMER.DELETE.open-chat.{name}"), "");
        }
    }
    append_at_last(&*log, &mut author).await;
    subscriber.has_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_its_consumer_gave_to_somebody_else_is_not_left_out() {
    let server = Arc::new(Server::start_with(
        "server_name: $NATS_NAME\nhost: $NATS_HOST\nport: $NATS_PORT\njetstream { store_dir: $NATS_STORE }",
    ));
    let log = open(&server.url()).await;
    let mut subscriber = Subscriber::start(log.clone());
    let mut author = Author::new();
    append_at_last(&*log, &mut author).await;
    subscriber.has_all().await;
    let names = server.ask("$JS.API.CONSUMER.NAMES.open-chat", "")["consumers"].clone();
    for name in names.as_array().unwrap() {
        let next = format!("$JS.API.CONSUMER.MSG.NEXT.open-chat.{}", name.as_str().unwrap());
        let thief = server.clone();
        // Waits for a message; what it answers is not JSON.
        let theft = tokio::task::spawn_blocking(move || thief.try_ask(&next, r#"{"batch":3}"#));
        for _ in 0..20 {
            append_at_last(&*log, &mut author).await;
        }
        theft.await.unwrap();
    }
    append_at_last(&*log, &mut author).await;
    subscriber.has_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_does_not_trust_a_consumer_that_lives_but_brings_nothing() {
    let server = Server::start_with(
        "server_name: $NATS_NAME\nhost: $NATS_HOST\nport: $NATS_PORT\njetstream { store_dir: $NATS_STORE }",
    );
    let log = open(&server.url()).await;
    let mut subscriber = Subscriber::start(log.clone());
    let mut author = Author::new();
    append_at_last(&*log, &mut author).await;
    subscriber.has_all().await;
    let names = server.ask("$JS.API.CONSUMER.NAMES.open-chat", "")["consumers"].clone();
    for name in names.as_array().unwrap() {
        let pause = format!("$JS.API.CONSUMER.PAUSE.open-chat.{}", name.as_str().unwrap());
        let answer = server.try_ask(&pause, r#"{"pause_until":"2999-01-01T00:00:00Z"}"#);
        assert!(answer.is_none_or(|answer| answer["paused"] == true || answer["error"] != Value::Null));
    }
    append_at_last(&*log, &mut author).await;
    subscriber.has_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_from_between_two_events_of_one_append_brings_the_second() {
    let server = Server::start();
    let log = open(&server.url()).await;
    let mut author = Author::new();
    store(&*log, &author.events(256)).await;
    store(&*log, &author.events(2)).await;
    let all = history(&*log).await;
    for from in [0, 100, 254, 255, 256] {
        let later = take(&mut log.subscribe(all[from].position), all.len() - from - 1).await;
        assert_eq!(later, all[from + 1..], "after {from}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_were_erased_leave_no_gap_to_wait_for() {
    let server = Server::start();
    let log = open(&server.url()).await;
    let mut author = Author::new();
    for _ in 0..6 {
        store(&*log, &author.events(2)).await;
    }
    let all = history(&*log).await;
    for sequence in [1, 3, 6] {
        let request = format!("{{\"seq\":{sequence}}}");
        let answer = server.ask("$JS.API.STREAM.MSG.DELETE.open-chat", &request);
        assert_eq!(answer["success"], Value::Bool(true), "{answer}");
    }
    let left: Vec<Recorded> = [&all[2..4], &all[6..10]].concat();
    assert_eq!(log.end().await.unwrap(), left.last().unwrap().position);
    let mut subscription = log.subscribe(Position::START);
    assert_eq!(take(&mut subscription, left.len()).await, left);

    let reopened = open(&server.url()).await;
    assert_eq!(reopened.end().await.unwrap(), left.last().unwrap().position);
    assert_eq!(reopened.read(author.conversation, 0).await.unwrap(), left);
    let mut other = Author::new();
    let event = other.event();
    store(&*log, std::slice::from_ref(&event)).await;
    assert_eq!(take(&mut subscription, 1).await[0].event, event);

    for sequence in [2, 4, 5, 7] {
        server.ask("$JS.API.STREAM.MSG.DELETE.open-chat", &format!("{{\"seq\":{sequence}}}"));
    }
    let reopened = open(&server.url()).await;
    assert_eq!(reopened.end().await.unwrap(), Position::START);
    assert_eq!(reopened.read(author.conversation, 0).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_ends_with_its_log() {
    let server = Server::start();
    let log = open(&server.url()).await;
    let mut subscription = log.subscribe(Position::START);
    store(&*log, &Author::new().events(1)).await;
    take(&mut subscription, 1).await;
    drop(log);
    let ended = tokio::time::timeout(PATIENCE, subscription.next()).await;
    assert!(ended.expect("it goes on without its log").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_ends_with_its_log_even_while_the_server_is_away() {
    let mut server = Server::start();
    let log = open(&server.url()).await;
    let mut following = log.subscribe(Position::START);
    let mut waiting = log.subscribe(Position::START);
    store(&*log, &Author::new().events(1)).await;
    take(&mut following, 1).await;
    server.stop();
    crate::waiting::until_away(&*log).await;
    let waiting = tokio::spawn(async move { waiting.next().await.is_none() });
    tokio::task::yield_now().await;
    drop(log);
    let ended = tokio::time::timeout(PATIENCE, async { following.next().await.is_none() && waiting.await.unwrap() });
    assert!(ended.await.expect("it goes on without its log"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_no_event_ends_the_subscription_and_is_named() {
    let server = Server::start();
    let log = open(&server.url()).await;
    let mut author = Author::new();
    let position = store(&*log, &author.events(1)).await;
    server.ask(&format!("open-chat.conversation.{}", author.conversation), "hello");
    let mut subscription = log.subscribe(Position::START);
    take(&mut subscription, 1).await;
    let next = tokio::time::timeout(Duration::from_secs(20), subscription.next()).await.unwrap();
    let error = next.unwrap().unwrap_err().to_string();
    let place = Position::new((position.get() | 0xff) + 1);
    assert!(error.contains(&format!("position {place}")) && !error.contains("hello"), "{error}");
    assert!(subscription.next().await.is_none());
}
