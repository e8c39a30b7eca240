//! A disk without space, and a file that may not grow: nothing acknowledged is lost, nothing refused is stored, and the log
//! takes appends again by itself.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use chat_eventlog::conformance::{Author, append, history, store};
use chat_eventlog::embedded::EmbeddedLog;
use chat_eventlog::{Append, EventLog};
use chat_schema::{EventId, SealedEvent};

use crate::rerun::{inside, words};

/// A wrapper that mounts two megabytes at `directory`, for the wrapped process only.
pub(crate) fn on_a_small_disk(directory: &str) -> Vec<String> {
    let mount = r#"mount -t tmpfs -o size=2m tmpfs "$0" && exec "$@""#;
    words(["unshare", "--map-root-user", "--mount", "sh", "-c", mount, directory])
}

/// A wrapper that lets no file grow beyond 256 KiB (512 in shells that count in kilobytes), without a deadly signal.
fn with_small_files(_directory: &str) -> Vec<String> {
    words(["sh", "-c", r#"trap "" XFSZ; ulimit -S -f 512; exec "$@""#, "sh"])
}

/// Appends from several conversations at once until the log takes no more; returns the events that it acknowledged.
async fn append_until_refused(log: &Arc<dyn EventLog>) -> Vec<SealedEvent> {
    let writers = (0..8).map(|_| {
        let log = log.clone();
        tokio::spawn(async move {
            let mut author = Author::new();
            let mut acknowledged = Vec::new();
            loop {
                let event = author.event_of_size(20_000);
                match append(&*log, std::slice::from_ref(&event)).await {
                    Append::Appended(_) => acknowledged.push(event),
                    outcome => break assert_eq!(outcome, Append::Unavailable),
                }
            }
            acknowledged
        })
    });
    let mut acknowledged = Vec::new();
    for writer in writers.collect::<Vec<_>>() {
        acknowledged.append(&mut writer.await.unwrap());
    }
    acknowledged
}

async fn assert_holds_exactly(log: &dyn EventLog, events: &[SealedEvent]) {
    let ids = |events: Vec<&SealedEvent>| {
        let mut ids: Vec<EventId> = events.iter().map(|event| event.envelope.id).collect();
        ids.sort();
        ids
    };
    let held = history(log).await;
    assert_eq!(ids(held.iter().map(|recorded| &recorded.event).collect()), ids(events.iter().collect()));
}

async fn refuses_until(directory: &Path, space_returns: impl FnOnce()) {
    let log: Arc<dyn EventLog> = Arc::new(EmbeddedLog::open(directory).unwrap());
    let mut acknowledged = append_until_refused(&log).await;
    assert!(!acknowledged.is_empty());
    assert!(!log.is_available());
    assert_holds_exactly(&*log, &acknowledged).await;

    space_returns();
    let mut author = Author::new();
    for _ in 0..5 {
        let event = author.event_of_size(20_000);
        store(&*log, std::slice::from_ref(&event)).await;
        assert!(log.is_available());
        acknowledged.push(event);
    }
    assert_holds_exactly(&*log, &acknowledged).await;
    drop(log);
    assert_holds_exactly(&EmbeddedLog::open(directory).unwrap(), &acknowledged).await;
}

#[test]
fn a_full_disk_refuses_appends_until_it_has_space_again() {
    inside(
        "full_disk::a_full_disk_refuses_appends_until_it_has_space_again",
        on_a_small_disk,
        |directory| async move {
            let filler = directory.join("filler");
            fs::write(&filler, vec![0; 1 << 20]).unwrap();
            refuses_until(&directory.join("log"), || fs::remove_file(filler).unwrap()).await;
        },
    );
}

#[test]
fn a_file_at_its_size_limit_refuses_appends_until_the_limit_is_raised() {
    let name = "full_disk::a_file_at_its_size_limit_refuses_appends_until_the_limit_is_raised";
    inside(name, with_small_files, |directory| async move {
        refuses_until(&directory, || {
            let raise = ["--fsize=unlimited:", "--pid", &std::process::id().to_string()].map(str::to_owned);
            assert!(Command::new("prlimit").args(raise).status().unwrap().success());
        })
        .await;
    });
}
