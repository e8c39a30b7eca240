//! Erasing by truncation: what the order of all events still has until a scavenge, no reader sees.

use chat_eventlog::archive::Archive;
use chat_eventlog::conformance::{Author, append, history, store, take};
use chat_eventlog::eventstore::EventStoreArchive;
use chat_eventlog::{Append, EventLog, Position};

use crate::settings::{address, open, settings, start};

#[tokio::test(flavor = "multi_thread")]
async fn versions_and_revisions_stay_together_after_truncation_and_scavenge() {
    let (database, node) = start();
    let log = open(&node).await;
    let mut author = Author::new();
    store(&*log, &author.events(5)).await;
    let erasure = author.erasure();
    store(&*log, std::slice::from_ref(&erasure)).await;
    log.erase(&erasure).await.unwrap();
    for round in 0..2 {
        let before = author.head.version;
        let mut late = author.clone();
        store(&*log, &author.events(2)).await;
        let conflict = Append::Conflict { expected: before, actual: before + 2 };
        assert_eq!(append(&*log, &late.events(1)).await, conflict);
        let versions: Vec<u64> =
            log.read(author.conversation, 0).await.unwrap().iter().map(|event| event.event.envelope.version).collect();
        assert_eq!(versions, (6..=before + 2).collect::<Vec<_>>());
        assert_eq!(log.read(author.conversation, before).await.unwrap().len(), 2);
        if round == 0 {
            assert_eq!(database.scavenge(), 5);
        }
    }
    // Opened anew, nothing is remembered.
    let log = open(&node).await;
    store(&*log, &author.events(1)).await;
    assert_eq!(history(&*log).await.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_from_a_truncated_or_scavenged_position_goes_on() {
    let (database, node) = start();
    let log = open(&node).await;
    let (mut erased, mut kept) = (Author::new(), Author::new());
    store(&*log, &erased.events(3)).await;
    let checkpoint = history(&*log).await[1].position;
    store(&*log, &kept.events(2)).await;
    let erasure = erased.erasure();
    store(&*log, std::slice::from_ref(&erasure)).await;
    log.erase(&erasure).await.unwrap();
    for scavenged in [false, true] {
        if scavenged {
            database.scavenge();
        }
        let later = take(&mut log.subscribe(checkpoint), 3).await;
        let later: Vec<u64> = later.iter().map(|event| event.event.envelope.version).collect();
        assert_eq!(later, [1, 2, 4], "scavenged: {scavenged}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_leaves_out_what_is_erased_before_the_scavenge() {
    let (_database, node) = start();
    let log = open(&node).await;
    let (mut erased, mut kept) = (Author::new(), Author::new());
    for _ in 0..150 {
        store(&*log, &erased.events(3)).await;
        store(&*log, &kept.events(1)).await;
    }
    let erasure = erased.erasure();
    store(&*log, std::slice::from_ref(&erasure)).await;
    log.erase(&erasure).await.unwrap();
    let archive = EventStoreArchive::open(settings(&address(node.port()))).await.unwrap();
    let all = archive.scan(None, Position::START, 1000).await.unwrap();
    assert_eq!(all.len(), 151);
    assert_eq!(all[150].hash, erasure.hash);
    assert_eq!(archive.scan(Some(erased.conversation), Position::START, 10).await.unwrap().len(), 1);
    assert!(archive.notes()[0].contains("scavenge"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_leaves_the_rest_of_a_stream_s_metadata_as_it_is() {
    let (database, node) = start();
    let log = open(&node).await;
    let mut author = Author::new();
    store(&*log, &author.events(2)).await;
    let metadata = format!("$$conversation-{}", author.conversation);
    database.append_foreign(&metadata, "$metadata", r#"{"$acl":{"$r":["$all"]},"team":"support"}"#);
    let erasure = author.erasure();
    store(&*log, std::slice::from_ref(&erasure)).await;
    log.erase(&erasure).await.unwrap();
    let written: serde_json::Value = serde_json::from_slice(&database.last_data(&metadata)).unwrap();
    assert_eq!(written, serde_json::json!({"$acl": {"$r": ["$all"]}, "team": "support", "$tb": 2}));
    log.erase(&erasure).await.unwrap();
    assert_eq!(database.ids(&metadata).len(), 2, "carried out already");
}
