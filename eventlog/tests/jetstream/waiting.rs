//! Waiting for a condition, never for a time.

use std::time::Duration;

use chat_eventlog::conformance::{Author, append};
use chat_eventlog::{Append, EventLog};

/// A bound on hangs, not a measurement.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(10);

/// Polls until `condition` holds.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let met = async {
        while !condition() {
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::time::timeout(PATIENCE, met).await.unwrap_or_else(|_| panic!("waited in vain until {what}"));
}

pub(crate) async fn until_away(log: &dyn EventLog) {
    until("the log is away", || !log.is_available()).await;
}

pub(crate) async fn until_back(log: &dyn EventLog) {
    until("the log is back", || log.is_available()).await;
}

/// Appends one event, however long that takes.
pub(crate) async fn append_at_last(log: &dyn EventLog, author: &mut Author) {
    let event = [author.event()];
    let stored = async {
        loop {
            match append(log, &event).await {
                Append::Appended(_) => return,
                Append::Conflict { expected, actual } => panic!("{expected} was expected, {actual} was found"),
                Append::Unknown | Append::Unavailable => tokio::time::sleep(PAUSE).await,
            }
        }
    };
    tokio::time::timeout(PATIENCE, stored).await.expect("the log does not come back");
}
