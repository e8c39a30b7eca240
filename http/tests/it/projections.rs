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
