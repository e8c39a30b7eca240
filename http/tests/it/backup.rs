//! `open-chat backup` and `open-chat restore`, as an operator rehearses them: backup, wipe, restore, and everything is there again.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use reqwest::Method;
use serde_json::Value;

use crate::audit::printed_of;
use crate::erase::{CANARY, id_of, traces};
use crate::nats;
use crate::support::{ADMIN_KEY, Options, Server, Upstream, model};

/// Calls `open-chat` in a directory, with this log.
fn open_chat(dir: &Path, log: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_open-chat"));
    command.args(arguments).env_clear().env("EVENT_LOG", log).current_dir(dir).output().unwrap()
}

fn succeeds(output: Output) -> String {
    let (out, errors) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{errors}");
    out
}

/// Its one line of complaint.
fn fails(output: Output) -> String {
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    errors.lines().find(|line| line.starts_with("error: ")).unwrap_or_else(|| panic!("{errors}")).to_owned()
}

fn options(upstream: &Upstream, log: &str) -> Options {
    model(&upstream.base_url()).var("EVENT_LOG", log).var("READ_MODELS", "read-models")
}

/// Conversations that lie in each other, with a failed turn, a rating, one that was erased, and one that went on after it was.
async fn talk(server: &Server, upstream: &Upstream) {
    const RATED: &str = "3f0c1b2a-9d4e-4c6f-8a7b-1c2d3e4f5a6b";
    for round in 0..3 {
        for session in ["one", "two", RATED, "gone", "again"] {
            upstream.answer(&[&format!("{CANARY} ü \"{round}\"\n")]);
            server.stream_as(session, &format!("m{round}"), "where is it?").await.answer().await;
        }
    }
    upstream.fail(500);
    server.stream_as("two", "m9", "hello?").await.rest().await;
    let rate = format!("/v1/sessions/{RATED}/messages/m1/rating");
    let rate = server.request(Method::POST, &rate).header("x-api-key", crate::support::WIDGET_KEY);
    assert_eq!(rate.json(&serde_json::json!({"rating": "up"})).send().await.unwrap().status(), 204);
    for session in ["gone", "again"] {
        let erase = format!("/v1/admin/conversations/{}/erase", id_of(session));
        let erase = server.request(Method::POST, &erase).header("x-admin-api-key", ADMIN_KEY).send().await.unwrap();
        assert_eq!(erase.status(), 200);
    }
    upstream.answer(&["a new beginning"]);
    server.stream_as("again", "n0", "hello again").await.answer().await;
}

/// What the admin API says of everything, byte for byte, with positions left out: they are each log's own.
async fn everything(server: &Server) -> Vec<String> {
    let mut answers = Vec::new();
    let list = server.admin("/v1/admin/conversations?limit=200").await;
    for conversation in list["conversations"].as_array().unwrap() {
        let id = conversation["_id"].as_str().unwrap();
        answers.push(text(server, &format!("/v1/admin/conversations/{id}")).await);
        answers.push(text(server, &format!("/v1/admin/conversations/{id}/export?format=csv")).await);
    }
    for path in ["/v1/admin/conversations?limit=200", "/v1/admin/conversations?q=where"] {
        answers.push(text(server, path).await);
    }
    answers
}

async fn text(server: &Server, path: &str) -> String {
    let request = server.request(Method::GET, path).header("x-admin-api-key", ADMIN_KEY);
    let text = request.send().await.unwrap().text().await.unwrap();
    if !path.ends_with("csv") {
        return text;
    }
    let rows = text.lines().map(|row| row.split_once(',').map_or(row, |(_, rest)| rest));
    rows.collect::<Vec<_>>().join("\n")
}

/// The heads of all chains, after checking them.
fn heads(log: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("heads");
    printed_of(log, &["verify", "--write-heads", file.to_str().unwrap()], 0);
    std::fs::read_to_string(file).unwrap()
}

/// Backup while the server runs, then the same thread by thread from another log.
async fn rehearse(from: &str, dir: &Path, server: Server, upstream: &Upstream, to: &str) {
    talk(&server, upstream).await;
    // Looking comes first: an export is an event too, of what operators did.
    let before = everything(&server).await;
    let file = dir.join("backup.ndjson");
    let made = succeeds(open_chat(dir, from, &["backup", file.to_str().unwrap()]));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "it holds every message");
    let before_heads = heads(from);
    assert!(before.len() > 9 && before.iter().any(|answer| answer.contains("hello again")), "{before:?}");
    drop(server);

    let restored = succeeds(open_chat(dir, to, &["restore", file.to_str().unwrap()]));
    let digest = |words: &str| words.split("digest ").nth(1).unwrap()[..64].to_owned();
    assert_eq!(digest(&restored), digest(&made));
    assert_eq!(heads(to), before_heads);
    let server = Server::start(options(upstream, to));
    assert_eq!(everything(&server).await, before);
    upstream.answer(&["it goes on"]);
    assert_eq!(server.stream_as("one", "m10", "and now?").await.answer().await, "it goes on");
    printed_of(to, &["verify"], 0);
    let refused = fails(open_chat(dir, to, &["restore", file.to_str().unwrap()]));
    assert!(refused.contains("already") || refused.contains("another process uses it"), "{refused}");
}

#[tokio::test]
async fn an_embedded_log_is_backed_up_wiped_and_restored() {
    let (upstream, dir) = (Upstream::start().await, tempfile::tempdir().unwrap());
    let log = format!("embedded:{}", dir.path().join("log").display());
    let server = Server::start(options(&upstream, &log));
    let wiped = format!("embedded:{}", dir.path().join("another").display());
    rehearse(&log, dir.path(), server, &upstream, &wiped).await;
}

#[tokio::test]
async fn a_log_on_jetstream_is_backed_up_and_restored_to_another_server() {
    let (upstream, dir) = (Upstream::start().await, tempfile::tempdir().unwrap());
    let (from, to) = (nats::Server::start(), nats::Server::start());
    let server = Server::start(options(&upstream, &from.url()));
    rehearse(&from.url(), dir.path(), server, &upstream, &to.url()).await;
}

#[tokio::test]
async fn a_backup_of_one_kind_of_log_is_restored_to_another_kind() {
    let (upstream, dir, nats) = (Upstream::start().await, tempfile::tempdir().unwrap(), nats::Server::start());
    let log = format!("embedded:{}", dir.path().join("log").display());
    let server = Server::start(options(&upstream, &log));
    rehearse(&log, dir.path(), server, &upstream, &nats.url()).await;
}

#[tokio::test]
async fn a_backup_goes_through_pipes_and_what_was_erased_before_it_ended_does_not_come_back() {
    let (upstream, dir) = (Upstream::start().await, tempfile::tempdir().unwrap());
    let log = format!("embedded:{}", dir.path().join("log").display());
    let server = Server::start(options(&upstream, &log));
    upstream.answer(&[CANARY]);
    server.stream_as("gone", "m1", "hello").await.answer().await;
    let before = succeeds(open_chat(dir.path(), &log, &["backup", "-"]));
    let erase = format!("/v1/admin/conversations/{}/erase", id_of("gone"));
    let erase = server.request(Method::POST, &erase).header("x-admin-api-key", ADMIN_KEY).send().await.unwrap();
    assert_eq!(erase.status(), 200);
    let after = succeeds(open_chat(dir.path(), &log, &["backup", "-"]));

    // As if the erasure had come while the backup was written: its beginning was there before, its end after it.
    let events = before.lines().skip(1).take(2);
    let torn = after.lines().take(1).chain(events).chain(after.lines().skip(1));
    let torn: String = torn.map(|line| format!("{line}\n").replace("\"events\":3", "\"events\":5")).collect();
    assert!(torn.contains(CANARY));
    let mut restore = Command::new(env!("CARGO_BIN_EXE_open-chat"))
        .args(["restore", "-"])
        .env_clear()
        .env("EVENT_LOG", "embedded:restored")
        .current_dir(dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    restore.stdin.take().unwrap().write_all(torn.as_bytes()).unwrap();
    succeeds(restore.wait_with_output().unwrap());
    let restored = dir.path().join("restored");
    assert_eq!(traces(&restored), [] as [&str; 0]);
    let log_of = |path: &Path| format!("embedded:{}", path.display());
    assert_eq!(heads(&log_of(&restored)), heads(&log));
}

#[tokio::test]
async fn a_file_that_is_cut_changed_or_something_else_is_refused_and_nothing_is_written() {
    let (upstream, dir) = (Upstream::start().await, tempfile::tempdir().unwrap());
    let log = format!("embedded:{}", dir.path().join("log").display());
    let server = Server::start(options(&upstream, &log));
    for session in ["one", "two"] {
        upstream.answer(&["an answer"]);
        server.stream_as(session, "m1", "hello").await.answer().await;
    }
    let whole = succeeds(open_chat(dir.path(), &log, &["backup", "-"]));
    let lines: Vec<&str> = whole.lines().collect();
    assert_eq!(lines.len(), 6);
    let joined = |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let cases = [
        (String::new(), "line 1"),
        (whole.replace("openChatBackup\":1", "openChatBackup\":2"), "upgrade open-chat"),
        (whole[..whole.len() - 1].to_owned(), "line 6"),
        (joined(&lines[..5]), "part of a backup"),
        (joined(&[&lines[..2], &lines[3..]].concat()), "line 5"),
        (joined(&[lines[0], lines[2], lines[1], lines[3], lines[4], lines[5]]), "line 2"),
        (whole.replace("an answer", "my answer"), "line 3: changed"),
        (format!("{whole}{}\n", lines[5]), "line 6"),
        (joined(&["{}"]), "no file of `open-chat backup`"),
    ];
    for (text, complaint) in cases {
        std::fs::write(dir.path().join("bad.ndjson"), text).unwrap();
        let said = fails(open_chat(dir.path(), "embedded:new", &["restore", "bad.ndjson"]));
        assert!(said.contains("bad.ndjson: ") && said.contains(complaint), "{complaint}: {said}");
        assert!(!dir.path().join("new").exists(), "{complaint}");
    }
}

#[tokio::test]
async fn a_restore_that_was_cut_short_goes_on_and_one_into_another_log_does_not() {
    let (upstream, dir) = (Upstream::start().await, tempfile::tempdir().unwrap());
    let log = format!("embedded:{}", dir.path().join("log").display());
    let server = Server::start(options(&upstream, &log));
    upstream.answer(&["first"]);
    server.stream_as("one", "m1", "hello").await.answer().await;
    // What a restore of the second had written when it was cut short is what the first one holds.
    for file in ["first.ndjson", "second.ndjson"] {
        succeeds(open_chat(dir.path(), &log, &["backup", file]));
        upstream.answer(&["next"]);
        server.stream_as("two", file, "hello").await.answer().await;
    }
    succeeds(open_chat(dir.path(), "embedded:new", &["restore", "first.ndjson"]));
    let refused = fails(open_chat(dir.path(), "embedded:new", &["restore", "second.ndjson"]));
    assert!(refused.contains("EVENT_LOG=embedded:new holds events already"), "{refused}");
    let resumed = succeeds(open_chat(dir.path(), "embedded:new", &["restore", "--resume", "second.ndjson"]));
    assert!(resumed.contains("4 events"), "{resumed}");
    let foreign = fails(open_chat(dir.path(), "embedded:new", &["restore", "--resume", "first.ndjson"]));
    assert!(foreign.contains("holds something else than the backup"), "{foreign}");
}

#[tokio::test]
async fn a_log_that_is_not_whole_gives_no_backup_and_a_directory_keeps_the_newest() {
    let (upstream, dir) = (Upstream::start().await, tempfile::tempdir().unwrap());
    let log = format!("embedded:{}", dir.path().join("log").display());
    let server = Server::start(options(&upstream, &log));
    upstream.answer(&["yes"]);
    server.stream_as("one", "m1", "hello").await.answer().await;
    let backups = dir.path().join("backups");
    std::fs::create_dir(&backups).unwrap();
    std::fs::write(backups.join("notes.txt"), "mine").unwrap();
    let names = || {
        let mut names: Vec<_> = std::fs::read_dir(&backups)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let mut made = Vec::new();
    for _ in 0..4 {
        succeeds(open_chat(dir.path(), &log, &["backup", "--keep", "2", "backups"]));
        let newest = names().into_iter().rfind(|name| name.starts_with("open-chat-")).unwrap();
        made.push(newest);
    }
    assert_eq!(names(), ["notes.txt", &made[2], &made[3]]);
    let again = fails(open_chat(dir.path(), &log, &["backup", &format!("backups/{}", made[3])]));
    assert!(again.contains("exists"), "{again}");

    let database = rusqlite::Connection::open(dir.path().join("log/events.sqlite")).unwrap();
    assert_eq!(database.execute("UPDATE event SET hash = zeroblob(32) WHERE position = 2", ()).unwrap(), 1);
    let refused = fails(open_chat(dir.path(), &log, &["backup", "--keep", "1", "backups"]));
    assert!(refused.contains("position 2") && refused.contains("no backup"), "{refused}");
    assert_eq!(names(), ["notes.txt", &made[2], &made[3]], "the good ones are kept, and nothing else is left");
    let line: Value =
        serde_json::from_str(std::fs::read_to_string(backups.join(&made[3])).unwrap().lines().next().unwrap()).unwrap();
    assert_eq!(line["openChatBackup"], 1);
}
