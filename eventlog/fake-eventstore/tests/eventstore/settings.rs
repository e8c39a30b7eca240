//! How the tests open the log, and wait.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chat_eventlog::EventLog;
use chat_eventlog::conformance::Author;
use chat_eventlog::eventstore::{EventStoreLog, Settings};
use chat_eventlog::{Append, append_settled};
use chat_fake_eventstore::{Database, Node, Options};
use tokio::time::sleep;

/// A bound on hangs, not a measurement.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The address of a server on this port.
pub fn address(port: u16) -> String {
    format!("esdb://127.0.0.1:{port}?tls=false")
}

pub fn settings(address: &str) -> Settings {
    Settings { address: address.into(), namespace: String::new(), login: None, patience: PATIENCE }
}

pub async fn open(node: &Node) -> Arc<EventStoreLog> {
    Arc::new(EventStoreLog::open(settings(&address(node.port()))).await.unwrap())
}

/// A server of its own.
pub fn start() -> (Database, Node) {
    let database = Database::new();
    let node = Node::start(database.clone(), Options::default()).unwrap();
    (database, node)
}

/// Appends the author's next event, on a log that may be away for a while.
pub async fn append_at_last(log: &dyn EventLog, author: &mut Author) {
    let event = author.event();
    let expected = event.envelope.version - 1;
    let begun = Instant::now();
    loop {
        match append_settled(log, author.conversation, expected, std::slice::from_ref(&event), PATIENCE).await {
            Append::Appended(_) => return,
            Append::Unavailable => sleep(Duration::from_millis(10)).await,
            outcome => panic!("{outcome:?}"),
        }
        assert!(begun.elapsed() < PATIENCE, "the log does not come back");
    }
}

pub async fn until_away(log: &dyn EventLog) {
    let begun = Instant::now();
    while log.is_available() {
        assert!(begun.elapsed() < PATIENCE, "the log does not notice that its server is away");
        sleep(Duration::from_millis(10)).await;
    }
}

pub async fn until_back(log: &dyn EventLog) {
    let begun = Instant::now();
    while !log.is_available() {
        assert!(begun.elapsed() < PATIENCE, "the log does not notice that its server is back");
        sleep(Duration::from_millis(10)).await;
    }
}
