//! The bus between processes: whole, in order, and never late.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use chat_eventlog::EventLog;
use chat_schema::OwnerId;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use uuid::Uuid;

use crate::nats::{Cluster, Mode, Proxy, Server};
use crate::settings::open;
use crate::waiting::{PATIENCE, until_away, until_back};

fn owner() -> OwnerId {
    Uuid::new_v4().into()
}

async fn next(messages: &mut BoxStream<'static, Bytes>) -> String {
    let next = tokio::time::timeout(PATIENCE, messages.next()).await.expect("nothing comes").unwrap();
    String::from_utf8(next.to_vec()).unwrap()
}

async fn two_of(messages: &mut BoxStream<'static, Bytes>) -> [String; 2] {
    [next(messages).await, next(messages).await]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_reaches_its_receiver_and_a_broadcast_everyone() {
    let server = Server::start();
    let (one, two) = (open(&server.url()).await, open(&server.url()).await);
    let (me, you) = (owner(), owner());
    let (mut to_me, mut to_you) = (one.bus().listen(me).await, two.bus().listen(you).await);
    one.bus().send(you, "for you".into()).await;
    one.bus().broadcast("for all".into()).await;
    two.bus().send(me, "for me".into()).await;
    // What is for one and what is for all come by two subscriptions, without an order between them.
    let (mut yours, mut mine) = (two_of(&mut to_you).await, two_of(&mut to_me).await);
    yours.sort();
    mine.sort();
    assert_eq!((yours, mine), (["for all", "for you"].map(Into::into), ["for all", "for me"].map(Into::into)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_for_one_keeps_its_order_and_so_does_what_is_for_all() {
    let server = Server::start();
    let (one, two) = (open(&server.url()).await, open(&server.url()).await);
    let you = owner();
    let mut to_you = two.bus().listen(you).await;
    let sender = one.bus();
    for number in 0..5000 {
        if number % 3 == 0 {
            sender.broadcast(format!("all {number}").into()).await;
        } else {
            sender.send(you, format!("one {number}").into()).await;
        }
        if number % 100 == 0 {
            tokio::task::yield_now().await;
        }
    }
    sender.broadcast("all 5000".into()).await;
    sender.send(you, "one 5000".into()).await;
    let mut last: HashMap<String, u32> = HashMap::new();
    while last.len() < 2 || last.values().any(|number| *number < 5000) {
        let message = next(&mut to_you).await;
        let (whose, number) = message.split_once(' ').unwrap();
        let number = number.parse().unwrap();
        let before = last.insert(whose.to_owned(), number);
        assert!(before.is_none_or(|before| before < number), "{message} came after {before:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_while_the_server_is_away_is_dropped_and_the_bus_goes_on_afterwards() {
    let mut server = Server::start();
    let log = open(&server.url()).await;
    let (bus, me) = (log.bus(), owner());
    let mut to_me = bus.listen(me).await;
    server.stop();
    until_away(&*log).await;
    for _ in 0..10_000 {
        bus.send(me, "stale".into()).await;
        bus.broadcast("stale".into()).await;
    }
    server.restart();
    until_back(&*log).await;
    bus.send(me, "fresh".into()).await;
    assert_eq!(next(&mut to_me).await, "fresh");
}

#[tokio::test(flavor = "multi_thread")]
async fn sending_never_waits_for_a_server_that_takes_nothing() {
    let server = Server::start();
    let proxy = Proxy::start(server.port());
    let log = open(&proxy.url()).await;
    let bus = log.bus();
    proxy.set(Mode::Partition);
    let message = Bytes::from(vec![b'x'; 100_000]);
    let sending = async {
        while log.is_available() {
            for _ in 0..100 {
                bus.broadcast(message.clone()).await;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, sending).await.expect("sending waits");
    proxy.set(Mode::Pass);
    until_back(&*log).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bus_spans_the_nodes_of_a_cluster_and_the_loss_of_one() {
    let mut cluster = Cluster::start();
    let urls = cluster.urls();
    let all = cluster.url();
    let (one, two) = (open(&urls[0]).await, open(&all).await);
    let you = owner();
    let mut to_you = two.bus().listen(you).await;
    let mut reached = async || {
        let reached = async {
            loop {
                one.bus().send(you, "hello".into()).await;
                if let Ok(Some(message)) = tokio::time::timeout(Duration::from_millis(50), to_you.next()).await {
                    assert_eq!(message, "hello");
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, reached).await.expect("the other node is not reached");
    };
    reached().await;
    cluster.kill(1);
    reached().await;
    cluster.kill(2);
    reached().await;
}
