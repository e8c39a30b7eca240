//! `open-chat projections rebuild`.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::{Options, Server};

fn rebuild(dir: &Path, log: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_open-chat"));
    command.args(["projections", "rebuild"]).env_clear().current_dir(dir);
    command.env("EVENT_LOG", log).output().unwrap()
}

#[tokio::test]
async fn read_models_are_built_anew_by_command_but_not_under_a_server() {
    let directory = tempfile::tempdir().unwrap();
    let log = format!("embedded:{}", directory.path().display());
    let mut server = Server::start(Options::default().var("EVENT_LOG", &log));
    assert_eq!(server.say("alice", "hello").await.status(), 200);
    let refused = rebuild(server.dir(), &log);
    let words = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && words.contains("READ_MODELS=./data/read-models"), "{words}");
    assert!(words.contains("another process uses it"), "{words}");

    server.terminate();
    server.wait().await;
    let database = server.dir().join("data/read-models/read-models.sqlite");
    let models = rusqlite::Connection::open(&database).unwrap();
    models.execute_batch("DELETE FROM message; DELETE FROM conversation").unwrap();
    models.close().unwrap();
    let rebuilt = rebuild(server.dir(), &log);
    assert!(rebuilt.status.success(), "{}", String::from_utf8_lossy(&rebuilt.stderr));
    assert!(String::from_utf8(rebuilt.stdout).unwrap().contains("built anew up to position"));
    let models = rusqlite::Connection::open(&database).unwrap();
    let messages: u32 = models.query_row("SELECT count(*) FROM message", (), |row| row.get(0)).unwrap();
    assert_eq!(messages, 2);
}

#[tokio::test]
async fn an_event_nobody_knows_stops_the_read_models_loudly_and_nothing_else() {
    let mut server = Server::demo();
    assert_eq!(server.say("alice", "hello").await.status(), 200);
    server.terminate();
    server.wait().await;
    let log = rusqlite::Connection::open(server.dir().join("data/events.sqlite")).unwrap();
    let newer = "UPDATE event SET bytes = CAST(replace(CAST(bytes AS TEXT), '\"schemaVersion\":1', '\"schemaVersion\":99') AS BLOB)
                 WHERE position = 2";
    assert_eq!(log.execute(newer, ()).unwrap(), 1);
    log.close().unwrap();
    std::fs::remove_dir_all(server.dir().join("data/read-models")).unwrap();
    server.restart();

    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let ready = loop {
        let ready: serde_json::Value = server.get("/ready").await.json().await.unwrap();
        if ready["projections"]["state"] == "stopped" {
            break ready;
        }
        assert!(std::time::Instant::now() < deadline, "{ready}");
    };
    assert!(ready["projections"]["reason"].as_str().unwrap().contains("position 2"), "{ready}");
    let list = server.request(reqwest::Method::GET, "/v1/admin/conversations");
    assert_eq!(list.header("x-admin-api-key", crate::support::ADMIN_KEY).send().await.unwrap().status(), 503);
    assert_eq!(server.say("bob", "hello").await.status(), 200);
}
