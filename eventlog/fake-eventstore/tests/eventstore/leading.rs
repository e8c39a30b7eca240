//! A cluster whose leader changes: what reaches a server that is not the leader is done by the leader, once.

use std::sync::Arc;

use chat_eventlog::EventLog;
use chat_eventlog::conformance::{Author, history, store, take};
use chat_eventlog::eventstore::EventStoreLog;
use chat_eventlog::{Append, Position};
use chat_fake_eventstore::{Answer, AppendFault, Database, Node, Options};

use crate::settings::{append_at_last, open, settings, start, until_back};

/// Two servers of one database, of which the first leads.
fn pair() -> (Database, Node, Node) {
    let database = Database::new();
    let start = || Node::start(database.clone(), Options::default()).unwrap();
    let (one, other) = (start(), start());
    lead(&one, &other);
    (database, one, other)
}

fn lead(leader: &Node, follower: &Node) {
    leader.lead(leader.port());
    follower.lead(leader.port());
}

async fn open_both(one: &Node, other: &Node) -> Arc<EventStoreLog> {
    let address = format!("esdb://127.0.0.1:{},127.0.0.1:{}?tls=false", one.port(), other.port());
    Arc::new(EventStoreLog::open(settings(&address)).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_reaches_a_follower_goes_to_the_leader() {
    let (database, node) = start();
    let log = open(&node).await;
    let mut author = Author::new();
    let event = [author.event()];
    database.next_append(AppendFault::Instead(Answer::NotLeader(node.port())));
    let outcome = log.append(author.conversation, 0, &event).await;
    assert!(matches!(outcome, Append::Appended(_)), "{outcome:?}");
    assert!(log.is_available());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_for_which_there_is_no_leader_is_unavailable() {
    let (database, node) = start();
    let log = open(&node).await;
    for _ in 0..5 {
        database.next_append(AppendFault::Instead(Answer::NotLeader(node.port())));
    }
    let mut author = Author::new();
    assert_eq!(log.append(author.conversation, 0, &author.clone().events(1)).await, Append::Unavailable);
    until_back(&*log).await;
    store(&*log, &author.events(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_and_subscribers_follow_the_leader() {
    let (_database, one, other) = pair();
    let log = open_both(&one, &other).await;
    let mut subscription = log.subscribe(Position::START);
    let mut author = Author::new();
    for round in 0..6 {
        append_at_last(&*log, &mut author).await;
        if round % 2 == 0 {
            lead(&other, &one);
        } else {
            lead(&one, &other);
        }
        append_at_last(&*log, &mut author).await;
        take(&mut subscription, 2).await;
    }
    assert_eq!(history(&*log).await.len(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_leader_is_left_for_the_next() {
    let (_database, mut one, other) = pair();
    let log = open_both(&one, &other).await;
    let mut subscription = log.subscribe(Position::START);
    let mut author = Author::new();
    append_at_last(&*log, &mut author).await;
    one.kill();
    other.lead(other.port());
    append_at_last(&*log, &mut author).await;
    assert_eq!(take(&mut subscription, 2).await, history(&*log).await);
}
