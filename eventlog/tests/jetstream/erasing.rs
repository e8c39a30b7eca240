//! Erasing, as it shows in the bytes of the servers' files.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use chat_eventlog::EventLog;
use chat_eventlog::conformance::{Author, history, store};

use crate::canary::traces;
use crate::nats::{Cluster, Server};
use crate::settings::{STREAM, open};

const CANARY: &str = "canary-3f0c1b2a-sings";
const KEPT: &str = "canary-9d4e4c6f-stays";
/// A bound on hangs, not a measurement: the servers compact their Raft logs every two to three minutes.
const PATIENCE: Duration = Duration::from_secs(600);
const PAUSE: Duration = Duration::from_millis(200);

/// Writes words into one conversation, others into another, and erases the first.
async fn write_and_erase(log: &dyn EventLog) {
    let (mut erased, mut kept) = (Author::new(), Author::new());
    for size in [0, 300, 3000, 200_000, 40].repeat(8) {
        let pad = "x".repeat(size);
        store(log, &[erased.says(format!("{CANARY} {pad} {CANARY}"))]).await;
        store(log, &[kept.says(format!("{KEPT} {pad}"))]).await;
    }
    let erasure = erased.erasure();
    store(log, std::slice::from_ref(&erasure)).await;
    log.erase(&erasure).await.unwrap();
    assert_eq!(history(log).await.len(), 41);
}

#[tokio::test(flavor = "multi_thread")]
async fn erased_words_leave_no_trace_in_a_single_server_s_files() {
    let server = Server::start();
    let log = open(&server.url()).await;
    write_and_erase(&*log).await;
    assert_eq!(traces(&server.store(), CANARY), [] as [PathBuf; 0]);
    assert!(!traces(&server.store(), KEPT).is_empty(), "the search finds nothing that is there");
}

/// Where in a store a file is: `streams` holds the events, `_js_` the Raft log of the replicas.
fn kind(file: &std::path::Path) -> &'static str {
    if file.to_string_lossy().contains("_js_") { "raft" } else { "stream" }
}

#[tokio::test(flavor = "multi_thread")]
async fn erased_words_leave_no_trace_in_a_cluster_s_files_after_a_while() {
    let cluster = Cluster::start();
    let log = open(&cluster.url()).await;
    write_and_erase(&*log).await;
    let begun = Instant::now();
    cluster.until_current(STREAM);
    let mut last = String::new();
    loop {
        let left: Vec<String> = (0..3)
            .flat_map(|node| {
                traces(&cluster.store(node), CANARY).into_iter().map(move |file| format!("node {node} {}", kind(&file)))
            })
            .collect();
        let now = left.join(", ");
        if now != last {
            println!("{:6.1} s after the erasure: traces in [{now}]", begun.elapsed().as_secs_f64());
            last = now;
        }
        if left.is_empty() {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "traces are left in {left:?}");
        tokio::time::sleep(PAUSE).await;
    }
    println!(
        "no trace is left in any file of the three servers, Raft logs included, {:.1} s after the erasure",
        begun.elapsed().as_secs_f64()
    );
    assert!(
        (0..3).all(|node| !traces(&cluster.store(node), KEPT).is_empty()),
        "the search finds nothing that is there"
    );
}
