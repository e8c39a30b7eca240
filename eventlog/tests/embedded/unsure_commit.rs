//! An fsync that fails leaves open whether the commit will survive: the outcome is unknown until the append is repeated.

use std::time::Duration;

use chat_eventlog::conformance::{Author, history, store};
use chat_eventlog::embedded::EmbeddedLog;
use chat_eventlog::{Append, EventLog, append_settled};

use crate::rerun::{inside, words};

/// A wrapper that fails the first syncs of the write-ahead log.
fn with_failing_syncs(directory: &str) -> Vec<String> {
    let wal = format!("{directory}/events.sqlite-wal");
    let inject = "inject=fsync,fdatasync:error=EIO:when=1..4";
    words(["strace", "-f", "-qq", "-o", "/dev/null", "-P", &wal, "-e", "trace=fsync,fdatasync", "-e", inject])
}

#[test]
fn a_commit_whose_sync_failed_is_unknown_until_it_is_repeated() {
    let name = "unsure_commit::a_commit_whose_sync_failed_is_unknown_until_it_is_repeated";
    inside(name, with_failing_syncs, |directory| async move {
        let log = EmbeddedLog::open(&directory).unwrap();
        let mut author = Author::new();
        let events = author.events(2);
        assert_eq!(log.append(author.conversation, 0, &events).await, Append::Unknown);
        assert!(!log.is_available());
        assert_eq!(history(&log).await, []);

        let settled = append_settled(&log, author.conversation, 0, &events, Duration::from_secs(30)).await;
        assert!(matches!(settled, Append::Appended(_)), "{settled:?}");
        assert!(log.is_available());
        store(&log, &author.events(1)).await;
        let stored = history(&log).await;
        assert_eq!(stored.len(), 3);
        drop(log);
        assert_eq!(history(&EmbeddedLog::open(&directory).unwrap()).await, stored);
    });
}
