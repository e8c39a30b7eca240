//! Reading the log for audit.

use chat_eventlog::Position;
use chat_eventlog::archive::{Archive, Chains, Checked};
use chat_eventlog::conformance::{Author, store};
use chat_eventlog::eventstore::{EventStoreArchive, OpenError};

use crate::settings::{address, open, settings, start};

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_has_every_event_as_it_is_stored() {
    let (_database, node) = start();
    let log = open(&node).await;
    let mut authors = [Author::new(), Author::new()];
    for round in 0..250 {
        store(&*log, &authors[round % 2].events(2)).await;
    }
    let archive = EventStoreArchive::open(settings(&address(node.port()))).await.unwrap();
    let (mut chains, mut after, mut seen) = (Chains::new().unwrap(), Position::START, 0);
    loop {
        let found = archive.scan(None, after, 120).await.unwrap();
        let Some(last) = found.last() else { break };
        after = last.position;
        seen += found.len();
        assert!(found.iter().all(|stored| chains.check(stored).unwrap() == Checked::Whole));
    }
    assert_eq!(seen, 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_a_log_is_told_and_left_as_it_is() {
    let (database, node) = start();
    let error = EventStoreArchive::open(settings(&address(node.port()))).await.err().unwrap();
    assert!(matches!(error, OpenError::NoLog), "{error}");
    assert!(database.ids("open-chat-log").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_shows() {
    let (database, node) = start();
    let log = open(&node).await;
    let mut author = Author::new();
    store(&*log, &author.events(3)).await;
    database.tamper(&format!("conversation-{}", author.conversation), 1, "message:", "massage:");
    let archive = EventStoreArchive::open(settings(&address(node.port()))).await.unwrap();
    let mut chains = Chains::new().unwrap();
    let stored = archive.scan(None, Position::START, 10).await.unwrap();
    let faults = stored.iter().filter(|stored| matches!(chains.check(stored).unwrap(), Checked::Faulty(..))).count();
    assert_eq!(faults, 1);
}
