//! `open-chat seed`.

use std::path::Path;
use std::process::{Command, Output};

use rusqlite::Connection;

use crate::support::{Options, Server};

fn seed(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_open-chat"));
    let log = format!("embedded:{}", dir.display());
    command.arg("seed").args(arguments).env_clear().env("EVENT_LOG", log).current_dir(dir).output().unwrap()
}

/// Positions, hashes and bytes.
fn stored(dir: &Path) -> Vec<(u64, Vec<u8>, Vec<u8>)> {
    let log = Connection::open(dir.join("events.sqlite")).unwrap();
    let mut all = log.prepare("SELECT position, hash, bytes FROM event ORDER BY position").unwrap();
    let rows = all.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn a_seed_fills_an_empty_log_alike_every_time_and_refuses_one_with_events() {
    let [first, second] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    for dir in [&first, &second] {
        let done = seed(dir.path(), &["--conversations", "700", "--seed", "7"]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        assert!(String::from_utf8(done.stdout).unwrap().starts_with("700 conversations ("));
    }
    let events = stored(first.path());
    assert!(events.len() > 2_000, "more than a round");
    assert!(events == stored(second.path()), "the logs differ");

    let refused = seed(first.path(), &["--seed", "8"]);
    let words = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && words.contains("holds events already"), "{words}");
    assert!(words.contains("--into-existing"), "{words}");
    assert_eq!(stored(first.path()).len(), events.len());
    let more = seed(first.path(), &["--conversations", "10", "--seed", "8", "--into-existing"]);
    assert!(more.status.success(), "{}", String::from_utf8_lossy(&more.stderr));
    assert!(stored(first.path()).len() > events.len());

    let log = format!("embedded:{}", second.path().display());
    let server = Server::start(Options::default().var("EVENT_LOG", log));
    // Refused while the read models are built, and short of some while they catch up.
    while server.admin("/v1/admin/conversations?limit=1").await["total"] != 700 {}
}
