//! What is read for audit stays as it is, whatever state it is found in.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use crate::audit::{audit, printed, server_with_two_conversations};
use crate::support::Upstream;

const QUESTIONS: [&[&str]; 4] =
    [&["replay"], &["replay", "--ndjson", "--session", "one"], &["verify"], &["export", "--format", "csv"]];

/// Every file below a directory: its name, bytes, rights and the time of its last change.
fn files(dir: &Path) -> Vec<(std::path::PathBuf, Vec<u8>, u32, SystemTime)> {
    let mut found = Vec::new();
    for path in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let metadata = path.metadata().unwrap();
            let bytes = fs::read(&path).unwrap();
            found.push((path, bytes, metadata.permissions().mode(), metadata.modified().unwrap()));
        }
    }
    found.sort();
    found
}

/// Asks everything of the log in a directory, of which nothing may change.
fn read_everything(dir: &Path, state: &str) {
    let before = files(dir);
    for question in QUESTIONS {
        let text = printed(dir, question, 0);
        assert!(!text.is_empty(), "{question:?} says nothing {state}");
        assert!(files(dir) == before, "{question:?} changes a file {state}");
    }
}

fn copy(from: &Path) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    for path in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        fs::copy(&path, to.path().join(path.file_name().unwrap())).unwrap();
    }
    to
}

#[tokio::test]
async fn no_byte_of_a_directory_changes_whether_a_server_uses_it_was_killed_or_stopped() {
    let upstream = Upstream::start().await;
    let mut server = server_with_two_conversations(&upstream).await;
    let log = server.dir().join("log");
    // Until its read models have what was said, the server reads the log itself, and leaves its mark in the index.
    server.admin("/v1/admin/conversations").await;
    read_everything(&log, "while the server runs");
    let copied = copy(&log);
    assert!(fs::metadata(copied.path().join("events.sqlite-wal")).unwrap().len() > 0, "nothing to see");
    read_everything(copied.path(), "in a copy made while the server ran");
    fs::remove_file(copied.path().join("events.sqlite-shm")).unwrap();
    read_everything(copied.path(), "in a copy without the index");
    server.kill();
    read_everything(&log, "after the server was killed");
    server.restart();
    server.terminate();
    assert!(server.wait().await.success());
    read_everything(&log, "after the server stopped");
}

/// Runs a program as a user whom the rights of files bind, which are no matter to root as it is.
fn bound_by_rights(program: &str) -> Command {
    let root = fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own)).unwrap() == 0;
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set", "-dac_override,-dac_read_search,-fowner", program]);
    command
}

#[tokio::test]
async fn a_copy_that_may_not_be_written_is_read() {
    let upstream = Upstream::start().await;
    let server = server_with_two_conversations(&upstream).await;
    let copied = copy(&server.dir().join("log"));
    for path in fs::read_dir(copied.path()).unwrap().map(|entry| entry.unwrap().path()) {
        fs::set_permissions(path, fs::Permissions::from_mode(0o444)).unwrap();
    }
    fs::set_permissions(copied.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let new = copied.path().join("new");
    assert!(!bound_by_rights("touch").arg(&new).status().unwrap().success() && !new.exists(), "it may be written");

    let before = files(copied.path());
    for question in QUESTIONS {
        let mut command = bound_by_rights(env!("CARGO_BIN_EXE_open-chat"));
        command.arg("audit").args(question).args(["--log", &format!("embedded:{}", copied.path().display())]);
        let output = command.current_dir(server.dir()).output().unwrap();
        let (words, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{question:?}: {words}{errors}");
        assert!(words.contains("on its way") || words.contains("every chain is whole"), "{question:?}: {words}");
    }
    assert!(files(copied.path()) == before, "something of it changed");
    fs::set_permissions(copied.path(), fs::Permissions::from_mode(0o755)).unwrap();
}

/// A process whose lines are read as they come; killed when dropped.
struct Following {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Following {
    fn start(log: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_open-chat"));
        command.env_clear().current_dir(log.parent().unwrap()).args(["audit", "replay", "--follow", "--log"]);
        let mut child = command.arg(format!("embedded:{}", log.display())).stdout(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    /// Waits for a line that holds this.
    fn until(&self, words: &str) {
        while !self.lines.recv_timeout(Duration::from_secs(60)).expect("nothing more is shown").contains(words) {}
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn who_follows_a_log_sees_what_is_stored_meanwhile_also_by_a_server_that_starts_again() {
    let upstream = Upstream::start().await;
    let mut server = server_with_two_conversations(&upstream).await;
    let following = Following::start(&server.dir().join("log"));
    following.until("hello");
    for round in 0..3 {
        let answer = format!("answer number {round}");
        upstream.answer(&[&answer]);
        assert_eq!(server.say("one", "more").await.status(), 200);
        following.until(&answer);
        if round == 1 {
            server.terminate();
            assert!(server.wait().await.success());
            server.restart();
        }
    }
}

#[tokio::test]
async fn a_missing_event_and_two_that_changed_places_are_named_and_end_with_1() {
    let upstream = Upstream::start().await;
    let mut server = server_with_two_conversations(&upstream).await;
    upstream.answer(&["yes"]);
    assert_eq!(server.say("one", "really?").await.status(), 200);
    server.kill();
    let log = server.dir().join("log");
    let id = chat_schema::ConversationId::of(&"one".parse().unwrap());
    let moved = "UPDATE event SET position = 100 WHERE position = 2; UPDATE event SET position = 2 WHERE position = 5;
                 UPDATE event SET position = 5 WHERE position = 100";
    for (change, found) in [
        ("DELETE FROM event WHERE position = 2", "version 3, position 5: missing: version 2"),
        (moved, "version 3, position 2: missing: version 2"),
    ] {
        let copied = copy(&log);
        rusqlite::Connection::open(copied.path().join("events.sqlite")).unwrap().execute_batch(change).unwrap();
        let said = printed(copied.path(), &["verify"], 1);
        assert!(said.contains(&format!("FAULT at conversation {id}, {found}")), "{said}");
    }
    let output = audit(&format!("embedded:{}", log.display()), &["verify"]);
    assert_eq!(output.status.code(), Some(0), "the copies were changed, not the log");
}
