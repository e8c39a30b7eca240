//! A disk that turns read-only, or does not answer, under a running server.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::support::{Options, Server, Upstream, body_of, model};

/// The faults of one server's disk: files in a directory that `disk_faults.c`, loaded into the server, looks for.
struct DiskFaults(TempDir);

impl DiskFaults {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/disk_faults.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-o"])
            .arg(dir.path().join("disk_faults.so"))
            .arg(source)
            .arg("-ldl")
            .status();
        assert!(built.unwrap().success(), "the C compiler that Rust itself links with is needed");
        Self(dir)
    }

    fn under(&self, options: Options) -> Options {
        let dir = self.0.path();
        options.var("LD_PRELOAD", dir.join("disk_faults.so").display()).var("DISK_FAULTS", dir.display())
    }

    fn begin(&self, fault: &str) {
        std::fs::write(self.0.path().join(fault), "").unwrap();
    }

    fn end(&self, fault: &str) {
        std::fs::remove_file(self.0.path().join(fault)).unwrap();
    }
}

#[tokio::test]
async fn a_disk_that_turns_read_only_refuses_messages_and_recovers() {
    let disk = DiskFaults::new();
    let mut server = Server::start(disk.under(Options::default()));
    assert_eq!(server.say("s", "before").await.status(), 200);
    disk.begin("read-only");
    for _ in 0..2 {
        let (status, body) = body_of(server.say("s", "meanwhile").await).await;
        assert_eq!((status, &body["error"]), (503, &json!("Service unavailable")));
    }
    disk.end("read-only");
    assert_eq!(server.say("s", "after").await.status(), 200);
    server.crash_and_restart();
    let thread = server.thread("s").await;
    let questions: Vec<&String> = thread.iter().filter(|line| line.starts_with("user: ")).collect();
    assert_eq!(questions, ["user: before", "user: after"]);
    assert_eq!(thread.len(), 4);
}

#[tokio::test]
async fn a_disk_that_does_not_answer_gets_a_refusal_in_time_and_the_retry_settles_it() {
    let disk = DiskFaults::new();
    let upstream = Upstream::start().await;
    let mut server = Server::start(disk.under(model(&upstream.base_url())));
    upstream.answer(&["1"]);
    assert_eq!(server.stream_as("s", "m1", "before").await.answer().await, "1");

    disk.begin("stalled");
    let _asked_in_vain = upstream.speak();
    let body = json!({"sessionId": "s", "message": "meanwhile", "messageId": "m2"});
    let refused = timeout(Duration::from_secs(20), server.chat("/chat", &body).send()).await;
    let (status, error) = body_of(refused.expect("the visitor gets no answer").unwrap()).await;
    assert_eq!((status, error["code"].as_str()), (503, Some("storage-unknown")));
    let (_, ready) = body_of(server.get("/ready").await).await;
    assert_eq!(ready["log"]["state"], "unavailable");
    disk.end("stalled");

    upstream.answer(&["2"]);
    assert_eq!(server.stream_as("s", "m2", "meanwhile").await.answer().await, "2");
    server.crash_and_restart();
    assert_eq!(server.thread("s").await, ["user: before", "assistant: 1", "user: meanwhile", "assistant: 2"]);
}
