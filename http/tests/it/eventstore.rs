//! What only a log on EventStoreDB has to stand, with real processes on the fake. The contract's modules run on it too, see `xtask/src/test.rs`.

use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::fake_eventstore;
use crate::support::{ADMIN_KEY, Options, Server, Stream, Upstream, model};

/// Two processes with one model.
async fn pair() -> (fake_eventstore::Server, Upstream, Server, Server) {
    let (log, upstream) = (fake_eventstore::Server::start(), Upstream::start().await);
    let start = || Server::start(model(&upstream.base_url()).var("EVENT_LOG", log.url()));
    let (one, other) = (start(), start());
    (log, upstream, one, other)
}

async fn until_token(stream: &mut Stream, token: &str) {
    let line = format!("token {token}");
    while stream.next().await.expect("the stream ended") != line {}
}

#[tokio::test]
async fn a_message_sent_again_to_the_other_process_waits_for_the_stored_answer() {
    let (log, upstream, one, other) = pair().await;
    let mut answer = upstream.speak();
    let mut first = one.stream_as("s", "m1", "hi").await;
    answer.token("from ");
    until_token(&mut first, "from ").await;
    let mut second = other.stream_as("s", "m1", "hi").await;
    assert_eq!(second.next().await.unwrap(), "start");
    answer.token("the first");
    until_token(&mut first, "the first").await;
    assert!(!std::fs::read_to_string(log.file()).unwrap().contains("the first"), "words are stored before their end");
    answer.finish();
    assert_eq!(second.rest().await, ["token from the first", "done from the first"]);
    assert_eq!(first.rest().await, ["done from the first"]);
    assert_eq!(upstream.requests().len(), 1, "the model was asked twice");
}

#[tokio::test]
async fn a_turn_that_takes_longer_than_a_dead_owner_s_is_left_alone_by_the_other_process() {
    let (_log, upstream, one, other) = pair().await;
    let mut answer = upstream.speak();
    let mut first = one.stream_as("s", "m1", "hi").await;
    answer.token("slow");
    until_token(&mut first, "slow").await;
    let waiting = other.stream_as("s", "m1", "hi").await;
    // Longer than a silence that is taken for death, counted from when the other process heard of the turn.
    tokio::time::sleep(Duration::from_secs(8)).await;
    answer.finish();
    assert_eq!(first.rest().await, ["done slow"]);
    assert_eq!(waiting.answer().await, "slow");
    assert_eq!(other.thread("s").await, ["user: hi", "assistant: slow"]);
}

#[tokio::test]
async fn a_killed_process_has_its_turn_closed_within_six_seconds_and_the_other_goes_on() {
    let (_log, upstream, mut one, other) = pair().await;
    let mut answer = upstream.speak();
    let mut first = one.stream_as("s", "m1", "hi").await;
    answer.token("half");
    until_token(&mut first, "half").await;
    one.kill();
    let killed = Instant::now();
    while other.thread("s").await != ["user: hi (failed)"] {
        assert!(killed.elapsed() < Duration::from_secs(6), "the turn stays open: {:?}", other.thread("s").await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    upstream.answer(&["whole"]);
    assert_eq!(other.stream_as("s", "m1", "hi").await.answer().await, "whole");
    one.restart();
    assert_eq!(one.stream_as("s", "m1", "hi").await.answer().await, "whole");
}

#[tokio::test]
async fn a_process_that_stops_in_order_leaves_no_turn_to_wait_for() {
    let (_log, upstream, mut one, other) = pair().await;
    upstream.answer(&["1"]);
    assert_eq!(one.stream_as("s", "m1", "one").await.answer().await, "1");
    one.terminate();
    assert!(one.wait().await.success());
    upstream.answer(&["2"]);
    assert_eq!(other.stream_as("s", "m2", "two").await.answer().await, "2");
    assert_eq!(other.thread("s").await, ["user: one", "assistant: 1", "user: two", "assistant: 2"]);
}

#[tokio::test]
async fn a_killed_log_server_costs_an_answer_nothing_and_a_new_message_a_clear_refusal() {
    let (mut log, upstream, one, other) = pair().await;
    let mut answer = upstream.speak();
    let mut first = one.stream_as("s", "m1", "hi").await;
    answer.token("half ");
    until_token(&mut first, "half ").await;
    log.kill();
    one.until_logged("event log is away").await;
    let refused = one.say("t", "hello").await;
    assert_eq!(refused.status(), 503);
    let refused: Value = refused.json().await.unwrap();
    assert_eq!(refused["error"], "Service unavailable");
    log.restart();
    one.until_logged("event log is back").await;
    answer.token("whole");
    answer.finish();
    assert_eq!(first.rest().await, ["token whole", "done half whole"]);
    let deadline = Instant::now() + Duration::from_secs(30);
    while other.thread("s").await != ["user: hi", "assistant: half whole"] {
        assert!(Instant::now() < deadline, "the other process does not follow the log any more");
    }
    assert!(!one.log().contains("kurrentdb"), "the client's own messages are in the log");
}

#[tokio::test]
async fn an_erased_conversation_is_gone_for_every_reader_and_the_audit_passes() {
    let (log, upstream, one, other) = pair().await;
    upstream.answer(&["canary answer"]);
    one.stream_as("s", "m1", "canary question").await.answer().await;
    let conversations = one.admin("/v1/admin/conversations").await;
    let id = conversations["conversations"][0]["_id"].as_str().unwrap().to_owned();
    let erase = one.request(Method::POST, &format!("/v1/admin/conversations/{id}/erase"));
    let erased = erase.header("x-admin-api-key", ADMIN_KEY).json(&json!({})).send().await.unwrap();
    assert!(erased.status().is_success(), "{}", erased.status());
    let deadline = Instant::now() + Duration::from_secs(30);
    while !other.thread("s").await.is_empty() {
        assert!(Instant::now() < deadline, "the other process still shows it");
    }
    upstream.answer(&["again"]);
    assert_eq!(other.stream_as("s", "m2", "new").await.answer().await, "again");

    let audit = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_open-chat"));
        command.env_clear().arg("audit").args(arguments).args(["--log", &log.url()]).output().unwrap()
    };
    let verified = audit(&["verify"]);
    let said = String::from_utf8(verified.stdout).unwrap();
    assert!(verified.status.success(), "{said}");
    assert!(said.contains("erased"), "{said}");
    let exported = audit(&["export"]);
    let said = String::from_utf8(exported.stdout).unwrap();
    assert!(said.contains("again") && !said.contains("canary"), "{said}");
    assert!(String::from_utf8(exported.stderr).unwrap().contains("scavenge"));
}

#[tokio::test]
async fn projections_are_built_anew_from_it() {
    let log = fake_eventstore::Server::start();
    let demo = || Options::default().var("EVENT_LOG", log.url());
    let one = Server::start(demo());
    for number in 0..20 {
        one.stream_as(&format!("s{number}"), "m1", "hi").await.answer().await;
    }
    let other = Server::start(demo());
    let list = other.admin("/v1/admin/conversations").await;
    assert_eq!(list["total"], 20);
}

#[tokio::test]
async fn an_address_that_is_none_or_where_nobody_is_stops_the_start_with_one_line() {
    let (status, said) = Server::try_start(Options::default().var("EVENT_LOG", "esdb://a?tlsVerify=no")).err().unwrap();
    assert!(!status.success());
    assert!(said.contains("EVENT_LOG: has a parameter that is none; after the ? stand tls, tlsVerifyCert"), "{said}");
}
