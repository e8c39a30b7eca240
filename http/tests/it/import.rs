//! `open-chat import convex`: an export of the upstream product, and what is seen of it here.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

use reqwest::Method;
use serde_json::{Value, json};

use crate::audit::printed_of;
use crate::erase::id_of;
use crate::nats;
use crate::support::{ADMIN_KEY, Options, Server, Upstream, WIDGET_KEY, model};

/// When the conversations of the export took place.
const THEN: u64 = 1_717_000_000_000;
const PRIVATE: &str = "3f0c1b2a-9d4e-4c6f-8a7b-1c2d3e4f5a6b";

fn import(dir: &Path, log: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_open-chat"));
    command.args(["import", "convex"]).args(arguments).env_clear().env("EVENT_LOG", log);
    command.current_dir(dir).output().unwrap()
}

fn succeeds(output: Output) -> String {
    let (out, errors) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{errors}");
    out
}

fn fails(output: Output) -> String {
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    errors
}

fn conversation(id: &str, session: &str) -> String {
    let (created, time) = (THEN as f64 + 0.5, THEN as f64);
    json!({"_id": id, "_creationTime": created, "sessionId": session, "createdAt": time, "updatedAt": time, "lastMessage": "x"})
        .to_string()
}

/// A message so many seconds after [`THEN`].
fn message(id: &str, conversation: &str, role: &str, content: &str, second: u64) -> String {
    let at = (THEN + second * 1000) as f64;
    json!({"_id": id, "_creationTime": at + 0.25, "conversationId": conversation, "role": role, "content": content, "createdAt": at})
        .to_string()
}

fn write(folder: &Path, conversations: &[String], messages: &[String]) {
    for (table, lines) in [("conversations", conversations), ("messages", messages)] {
        std::fs::create_dir_all(folder.join(table)).unwrap();
        std::fs::write(folder.join(table).join("documents.jsonl"), lines.join("\n") + "\n").unwrap();
        std::fs::write(folder.join(table).join("generated_schema.jsonl"), "\"normalFloat64\"\n").unwrap();
    }
}

/// A session with every fault of upstream, and one without.
fn export() -> (Vec<String>, Vec<String>) {
    let conversations = vec![conversation("c1", PRIVATE), conversation("c2", "user-123"), conversation("c3", "silent")];
    let messages = vec![
        message("m01", "c1", "user", "Is anybody there?", 0),
        message("m02", "c1", "user", "Is anybody there?", 30),
        message("m03", "c1", "assistant", "Yes: \"ü\"\n", 34),
        message("m04", "c1", "user", "one", 60),
        message("m05", "c1", "user", "two", 61),
        message("m06", "c1", "assistant", "first", 62),
        message("m07", "c1", "assistant", "second", 63),
        message("m08", "c1", "assistant", "I could not generate a response.", 64),
        message("m09", "c1", "user", "hello?", 90),
        message("m10", "c2", "user", "hi", 10),
        message("m11", "c2", "assistant", "good day", 12),
    ];
    (conversations, messages)
}

/// The thread as upstream's clients see it: role, text and seconds since [`THEN`].
async fn thread(server: &Server, session: &str) -> Vec<(String, String, u64)> {
    let thread = server.admin(&format!("/v1/admin/conversations/{}", id_of(session))).await;
    let line = |message: &Value| {
        let at = message["createdAt"].as_u64().unwrap();
        assert_eq!(message["_creationTime"], message["createdAt"]);
        let text = |field: &str| message[field].as_str().unwrap().to_owned();
        (text("role"), text("content"), (at - THEN) / 1000)
    };
    thread["messages"].as_array().unwrap().iter().map(line).collect()
}

fn shown(thread: &[(String, String, u64)]) -> Vec<(&str, &str, u64)> {
    thread.iter().map(|(role, content, second)| (role.as_str(), content.as_str(), *second)).collect()
}

/// Imports, imports again, and looks at it through a server.
async fn assert_imported(dir: &Path, log: &str, export: &str) {
    let said = succeeds(import(dir, log, &[export]));
    assert!(said.contains("imported: 11 messages of 2 conversations"), "{said}");
    assert!(said.contains("2 questions have no answer") && said.contains("1 answers have no question"), "{said}");
    let digest = printed_of(log, &["verify"], 0);
    let again = succeeds(import(dir, log, &[export]));
    assert!(again.contains("imported: 0 messages of 0 conversations"), "{again}");
    assert_eq!(printed_of(log, &["verify"], 0), digest);

    let upstream = Upstream::start().await;
    let server = Server::start(model(&upstream.base_url()).var("EVENT_LOG", log));
    let (user, assistant) = ("user", "assistant");
    let no_question = "[The export holds no question for this answer.]";
    assert_eq!(
        shown(&thread(&server, PRIVATE).await),
        [
            (user, "Is anybody there?", 0),
            (user, "Is anybody there?", 30),
            (assistant, "Yes: \"ü\"\n", 34),
            (user, "one", 60),
            (assistant, "first", 62),
            (user, "two", 61),
            (assistant, "second", 63),
            (user, no_question, 64),
            (assistant, "I could not generate a response.", 64),
            (user, "hello?", 90),
        ]
    );
    let list = server.admin("/v1/admin/conversations").await;
    let summaries = list["conversations"].as_array().unwrap();
    let newest = summaries.iter().find(|summary| summary["sessionId"] == PRIVATE).unwrap();
    assert_eq!(newest["createdAt"], THEN);
    assert_eq!(newest["updatedAt"], THEN + 90_000);
    assert_eq!((list["total"].as_u64(), summaries[0]["sessionId"].as_str()), (Some(2), Some(PRIVATE)));
    let found = server.admin("/v1/admin/conversations?q=second").await;
    assert_eq!(found["total"], 1);

    // The visitor finds it again, and the model is told of it in turns.
    let history = format!("/v1/sessions/{PRIVATE}/messages");
    let history = server.request(Method::GET, &history).header("x-api-key", WIDGET_KEY).send().await.unwrap();
    assert_eq!(history.json::<Value>().await.unwrap()["messages"].as_array().unwrap().len(), 10);
    upstream.answer(&["welcome back"]);
    assert_eq!(server.stream_as("user-123", "n1", "me again").await.answer().await, "welcome back");
    let asked = upstream.requests()[0]["messages"].as_array().unwrap().clone();
    let roles: Vec<_> = asked.iter().skip(1).map(|message| message["content"].as_str().unwrap()).collect();
    assert_eq!(roles, ["hi", "good day", "me again"]);
    let last = thread(&server, "user-123").await.pop().unwrap();
    assert!(last.2 > 10_000_000, "now, and not then: {last:?}");
}

#[tokio::test]
async fn an_unpacked_export_is_seen_with_its_texts_and_times_on_the_embedded_log() {
    let dir = tempfile::tempdir().unwrap();
    let (conversations, messages) = export();
    write(&dir.path().join("export"), &conversations, &messages);
    let log = format!("embedded:{}", dir.path().join("log").display());
    assert_imported(dir.path(), &log, "export").await;
}

#[tokio::test]
async fn the_zip_file_that_convex_writes_is_seen_on_jetstream() {
    let (dir, nats) = (tempfile::tempdir().unwrap(), nats::Server::start());
    let (conversations, messages) = export();
    let mut zip = zip::ZipWriter::new(std::fs::File::create(dir.path().join("snapshot.zip")).unwrap());
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (name, text) in [
        ("README.md", "# Welcome"),
        ("_tables/documents.jsonl", "{\"id\":10001,\"name\":\"messages\"}\n"),
        ("conversations/documents.jsonl", &conversations.join("\n")),
        ("conversations/generated_schema.jsonl", "\"\"\n"),
        ("messages/documents.jsonl", &messages.join("\n")),
    ] {
        zip.start_file(name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    assert_imported(dir.path(), &nats.url(), "snapshot.zip").await;
}

#[tokio::test]
async fn a_later_export_adds_what_is_new_and_touches_no_conversation_that_went_on_here() {
    let (dir, upstream) = (tempfile::tempdir().unwrap(), Upstream::start().await);
    let log = format!("embedded:{}", dir.path().join("log").display());
    let (mut conversations, mut messages) = export();
    write(&dir.path().join("export"), &conversations, &messages);
    succeeds(import(dir.path(), &log, &["export"]));
    {
        let server = Server::start(model(&upstream.base_url()).var("EVENT_LOG", &log));
        upstream.answer(&["welcome back"]);
        server.stream_as("user-123", "n1", "me again").await.answer().await;
        let busy = fails(import(dir.path(), &log, &["export"]));
        assert!(busy.contains("EVENT_LOG=embedded:") && busy.contains("another process"), "{busy}");
    }
    conversations.push(conversation("c4", "late"));
    messages.extend([
        message("m12", "c1", "assistant", "here I am", 95),
        message("m13", "c2", "user", "meanwhile, over there", 100),
        message("m14", "c4", "user", "new here", 110),
        message("m15", "c4", "assistant", "hello", 111),
    ]);
    write(&dir.path().join("export"), &conversations, &messages);
    let said = succeeds(import(dir.path(), &log, &["export"]));
    assert!(said.contains("imported: 3 messages of 2 conversations"), "{said}");
    let left = format!("conversation {}, 1 messages not imported", id_of("user-123"));
    assert!(said.contains("it has gone on here") && said.contains(&left), "{said}");
    printed_of(&log, &["verify"], 0);

    let server = Server::start(model(&upstream.base_url()).var("EVENT_LOG", &log));
    let answered = thread(&server, PRIVATE).await;
    assert_eq!(shown(&answered)[9..], [("user", "hello?", 90), ("assistant", "here I am", 95)]);
    assert_eq!(thread(&server, "user-123").await.len(), 4);
    assert_eq!(shown(&thread(&server, "late").await), [("user", "new here", 110), ("assistant", "hello", 111)]);
    let erase = format!("/v1/admin/conversations/{}/erase", id_of("late"));
    let erase = server.request(Method::POST, &erase).header("x-admin-api-key", ADMIN_KEY).send().await.unwrap();
    assert_eq!(erase.status(), 200);
    drop(server);
    let said = succeeds(import(dir.path(), &log, &["export"]));
    assert!(said.contains(&format!("since it was erased here: conversation {}", id_of("late"))), "{said}");
    let server = Server::start(Options::default().var("EVENT_LOG", &log));
    assert!(server.thread("late").await.is_empty());
}

#[test]
fn bad_lines_are_named_and_nothing_is_imported_unless_they_are_left_out_on_purpose() {
    let dir = tempfile::tempdir().unwrap();
    let (conversations, mut messages) = export();
    messages[4] = "{\"_id\":\"m05\",\"content\":\"secret".to_owned();
    messages.push(message("m99", "c9", "user", "secret", 1));
    write(&dir.path().join("export"), &conversations, &messages);
    let words = fails(import(dir.path(), "embedded:log", &["export"]));
    for line in ["export/messages/documents.jsonl: line 5: ", "export/messages/documents.jsonl: line 12: "] {
        assert!(words.contains(line), "{words}");
    }
    assert!(words.contains("nothing was imported") && !words.contains("secret"), "{words}");
    assert!(!dir.path().join("log").exists());
    let only_looked = succeeds(import(dir.path(), "embedded:log", &["--check", "--skip-bad-lines", "export"]));
    assert!(only_looked.contains("3 conversations in 2 sessions, 10 messages"), "{only_looked}");
    assert!(!dir.path().join("log").exists());
    let said = succeeds(import(dir.path(), "embedded:log", &["--skip-bad-lines", "export"]));
    assert!(said.contains("imported: 10 messages of 2 conversations"), "{said}");
}

#[test]
fn what_is_no_export_is_told_with_what_one_is() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "Dear diary").unwrap();
    std::fs::create_dir(dir.path().join("empty")).unwrap();
    for (export, why) in [("file", "npx convex export"), ("empty", "conversations/documents.jsonl"), ("gone", "gone")] {
        let words = fails(import(dir.path(), "embedded:log", &[export]));
        assert!(words.starts_with("error: ") && words.contains(why), "{words}");
    }
}
