//! The graceful stop.

use std::time::Duration;

use tokio::time::timeout;

use crate::audit::{printed, server_with_two_conversations};
use crate::support::{Server, Upstream, body_of, model};

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_running_stream_finishes_before_the_process_ends() {
    let upstream = Upstream::start().await;
    let mut server = Server::with_model(&upstream.base_url());
    let mut answer = upstream.speak();
    let mut stream = server.stream("s", "hi").await;
    answer.token("Hel");
    while stream.next().await.unwrap() != "token Hel" {}
    // An idle connection must not hold the process.
    let _idle = tokio::net::TcpStream::connect(server.address()).await.unwrap();

    server.terminate();
    let draining = async { while server.get("/ready").await.status() != 503 {} };
    timeout(PATIENCE, draining).await.expect("it stays ready while it stops");
    let alive = server.get("/health").await;
    assert_eq!((alive.status().as_u16(), alive.headers()["connection"].to_str().unwrap()), (200, "close"));
    let (status, body) = body_of(server.say("other", "hi").await).await;
    assert_eq!((status, body["code"].as_str()), (503, Some("draining")));

    answer.token("lo");
    answer.finish();
    assert_eq!(stream.rest().await, ["token lo", "done Hello"]);
    assert_eq!(server.wait().await.code(), Some(0));
    server.restart();
    assert_eq!(server.thread("s").await, ["user: hi", "assistant: Hello"]);
}

#[tokio::test]
async fn an_answer_without_a_reader_is_stored_before_the_process_ends() {
    let upstream = Upstream::start().await;
    let mut server = Server::with_model(&upstream.base_url());
    let answer = upstream.speak();
    let mut stream = server.stream("s", "hi").await;
    assert_eq!(stream.next().await.unwrap(), "start");
    drop(stream);
    server.terminate();
    timeout(PATIENCE, async { while server.get("/ready").await.status() != 503 {} }).await.unwrap();
    answer.say("Hello");
    assert_eq!(server.wait().await.code(), Some(0));
    server.restart();
    assert_eq!(server.thread("s").await, ["user: hi", "assistant: Hello"]);
}

#[tokio::test]
async fn an_answer_that_never_ends_does_not_hold_the_process_beyond_the_limit() {
    let upstream = Upstream::start().await;
    let mut server = Server::start(model(&upstream.base_url()).var("SHUTDOWN_TIMEOUT_MS", 200));
    let _hanging = upstream.speak();
    let mut stream = server.stream("s", "hi").await;
    assert_eq!(stream.next().await.unwrap(), "start");
    server.terminate();
    assert_eq!(server.wait().await.code(), Some(0));
    server.restart();
    // The turn that was cut is closed soon after the start.
    let thread = server.thread("s").await;
    assert!(thread == ["user: hi"] || thread == ["user: hi (failed)"], "{thread:?}");
}

#[tokio::test]
async fn a_process_whose_log_nobody_reads_still_stops() {
    // The shell leaves the log to a reader that ends at once.
    let unread = ["bash", "-c", "exec \"$0\" \"$@\" 2> >(exec true)"];
    let mut server = Server::start(crate::support::Options::default().through(&unread));
    assert_eq!(server.say("s", "hi").await.status(), 200);
    server.terminate();
    assert_eq!(server.wait().await.code(), Some(0));
}

#[tokio::test]
async fn a_server_that_stopped_in_order_left_its_whole_log_in_one_file() {
    let upstream = Upstream::start().await;
    let mut server = server_with_two_conversations(&upstream).await;
    server.terminate();
    assert!(server.wait().await.success());
    let backup = tempfile::tempdir().unwrap();
    std::fs::copy(server.dir().join("log/events.sqlite"), backup.path().join("events.sqlite")).unwrap();
    let verified = printed(backup.path(), &["verify"], 0);
    assert!(verified.starts_with("4 events up to position 4, 2 chains"), "{verified}");
}
