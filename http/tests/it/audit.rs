//! `open-chat audit`, beside a server that runs, and the operators' events.

use std::path::Path;
use std::process::{Command, Output};

use rusqlite::Connection;
use serde_json::Value;

use crate::support::{Options, Server, Upstream, model};

/// Runs `open-chat audit` on the log at an address, in an empty directory.
pub(crate) fn audit(address: &str, arguments: &[&str]) -> Output {
    let (mut command, dir) = (Command::new(env!("CARGO_BIN_EXE_open-chat")), tempfile::tempdir().unwrap());
    command.env_clear().current_dir(dir.path()).arg("audit").args(arguments);
    command.args(["--log", address]).output().unwrap()
}

/// What it prints, after checking its exit status.
pub(crate) fn printed_of(address: &str, arguments: &[&str], status: i32) -> String {
    let output = audit(address, arguments);
    let (out, errors) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(status), "{out}{errors}");
    out
}

/// The same of an embedded log.
pub(crate) fn printed(log: &Path, arguments: &[&str], status: i32) -> String {
    printed_of(&format!("embedded:{}", log.display()), arguments, status)
}

/// Options of a server with an embedded log, whatever log the other tests use.
pub(crate) fn embedded(upstream: &Upstream) -> Options {
    model(&upstream.base_url()).var("EVENT_LOG", "embedded:log").var("READ_MODELS", "read-models")
}

/// A server in which two visitors got an answer each.
pub(crate) async fn server_with_two_conversations(upstream: &Upstream) -> Server {
    let server = Server::start(embedded(upstream));
    for (session, message, answer) in [("one", "where is it?", "on its way"), ("two", "hello", "hi")] {
        upstream.answer(&[answer]);
        assert_eq!(server.say(session, message).await.status(), 200);
    }
    server
}

#[tokio::test]
async fn a_log_is_replayed_for_people_and_for_programs_while_the_server_runs() {
    let upstream = Upstream::start().await;
    let server = server_with_two_conversations(&upstream).await;
    let log = server.dir().join("log");

    let words = printed(&log, &["replay"], 0);
    let order = ["where is it?", "on its way", "hello", "    hi\n"].map(|text| words.find(text).expect(text));
    assert!(order.is_sorted(), "{words}");
    assert!(words.contains("version 2  AssistantReplied") && !words.contains("NOT VERIFIED"), "{words}");

    let lines = printed(&log, &["replay", "--ndjson"], 0);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    assert!(
        lines.iter().all(|line| line["verified"] == true && line["hash"].as_str().unwrap().len() == 64),
        "{lines:?}"
    );
    let stored: Value = serde_json::from_str(lines[1]["bytes"].as_str().unwrap()).unwrap();
    assert_eq!(stored["conversationId"], lines[1]["conversationId"]);

    let chosen = printed(&log, &["replay", "--session", "one", "--from-version", "2"], 0);
    assert!(chosen.contains("on its way") && !chosen.contains("where is it?") && !chosen.contains("hello"), "{chosen}");
    assert_eq!(printed(&log, &["replay", "--to", "2001-01-01T00:00:00Z"], 0), "");
    let table = printed(&log, &["export", "--format", "csv"], 0);
    let rows: Vec<_> = csv::Reader::from_reader(table.as_bytes()).records().map(Result::unwrap).collect();
    assert_eq!((rows.len(), rows[1].iter().next_back()), (4, Some("on its way")));
    upstream.answer(&["still here"]);
    assert_eq!(server.say("one", "more").await.status(), 200);
}

#[tokio::test]
async fn verify_finds_the_one_byte_that_was_changed_and_names_its_event() {
    let upstream = Upstream::start().await;
    let server = server_with_two_conversations(&upstream).await;
    let log = server.dir().join("log");
    let whole = printed(&log, &["verify"], 0);
    assert!(whole.contains("every chain is whole") && whole.contains("4 events"), "{whole}");

    let database = Connection::open(log.join("events.sqlite")).unwrap();
    let changed = "UPDATE event SET bytes = CAST(replace(CAST(bytes AS TEXT), 'where is it?', 'where is it!') AS BLOB) WHERE position = 1";
    assert_eq!(database.execute(changed, ()).unwrap(), 1);
    let found = printed(&log, &["verify"], 1);
    let id = chat_schema::ConversationId::of(&"one".parse().unwrap());
    assert!(found.contains(&format!("FAULT at conversation {id}, version 1, position 1: changed")), "{found}");
    assert!(printed(&log, &["replay"], 1).contains("NOT VERIFIED"));

    database.execute("DELETE FROM event WHERE position = 3", ()).unwrap();
    let id = chat_schema::ConversationId::of(&"two".parse().unwrap());
    let missing = printed(&log, &["replay", "--ndjson", "--session", "two"], 1);
    assert!(missing.contains(&id.to_string()) && missing.contains("\"verified\":false"), "{missing}");
}

#[tokio::test]
async fn a_dropped_end_shows_beside_heads_that_were_kept() {
    let upstream = Upstream::start().await;
    let mut server = server_with_two_conversations(&upstream).await;
    let (log, heads) = (server.dir().join("log"), server.dir().join("heads").display().to_string());
    printed(&log, &["verify", "--write-heads", &heads], 0);
    upstream.answer(&["yes"]);
    assert_eq!(server.say("two", "more").await.status(), 200);
    printed(&log, &["verify", "--heads", &heads], 0);
    server.kill();
    Connection::open(log.join("events.sqlite")).unwrap().execute("DELETE FROM event WHERE position >= 4", ()).unwrap();
    printed(&log, &["verify"], 0);
    assert!(printed(&log, &["verify", "--heads", &heads], 1).contains("FAULT"));
}

#[tokio::test]
async fn a_log_that_is_not_there_is_told_and_not_made() {
    let dir = tempfile::tempdir().unwrap();
    let output = audit(&format!("embedded:{}", dir.path().display()), &["verify"]);
    assert_eq!(output.status.code(), Some(2), "neither whole nor faulty");
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: --log embedded:"));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// A position is in no hash, but an event that is not where its conversation's index says is found by no server.
#[tokio::test]
async fn a_changed_position_is_found_though_every_chain_is_whole() {
    /// What stands between an event's position and its hash, as SQLite stores a first event: the header, and the number of its
    /// conversation, the second one.
    const BETWEEN: usize = 7 + 1;
    let upstream = Upstream::start().await;
    let mut server = server_with_two_conversations(&upstream).await;
    server.terminate();
    assert!(server.wait().await.success());
    let log = server.dir().join("log");
    printed(&log, &["verify"], 0);
    let file = log.join("events.sqlite");
    let select = "SELECT hash FROM event WHERE position = 3 AND version = 1";
    let hash: Vec<u8> = Connection::open(&file).unwrap().query_row(select, (), |row| row.get(0)).unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    let at = bytes.windows(hash.len()).position(|window| window == hash).unwrap() - BETWEEN - 1;
    assert_eq!(bytes[at], 3, "the position stands elsewhere");
    bytes[at] = 2;
    std::fs::write(&file, bytes).unwrap();
    let verified = printed(&log, &["verify"], 1);
    assert!(verified.contains("FAULT in the log's file"), "{verified}");
}
