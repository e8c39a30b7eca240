//! Exports of a large log: the server's memory does not grow with it, nor with how slow its reader is.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

use chat_eventlog::conformance::{Author, store};
use chat_eventlog::embedded::EmbeddedLog;
use reqwest::{Method, Response};

use crate::support::{ADMIN_KEY, Options, Server};

/// 96 MiB of texts.
const CONVERSATIONS: usize = 96;
const EVENTS: usize = 64;
const TEXT: usize = 16 << 10;
/// What exports may take, whatever their size: some batches of the log and what the allocator keeps of them.
const BOUND: usize = 64 << 20;

/// A server whose log is large.
async fn server() -> Server {
    let mut server = Server::start(Options::default().var("EVENT_LOG", "embedded:log"));
    server.kill();
    let log = EmbeddedLog::open(&server.dir().join("log")).unwrap();
    for _ in 0..CONVERSATIONS {
        let mut author = Author::new();
        let events: Vec<_> =
            (0..EVENTS / 2).flat_map(|_| [author.event_of_size(TEXT), author.answers("x".repeat(TEXT))]).collect();
        store(&log, &events).await;
    }
    drop(log);
    server.restart();
    // The read models have passed everything when they answer, and what that took is not the export's.
    let all = CONVERSATIONS as u64;
    while server.admin("/v1/admin/conversations?limit=1").await["total"] != all {}
    server
}

/// A process's memory in bytes: `VmRSS`, now, or `VmHWM`, the most since it was asked to begin anew.
fn memory(pid: u32, which: &str) -> Option<usize> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(which))?;
    Some(line.split_whitespace().nth(1)?.parse::<usize>().ok()? << 10)
}

async fn export(server: &Server, format: &str) -> Response {
    let path = format!("/v1/admin/export?format={format}");
    let response = server.request(Method::GET, &path).header("x-admin-api-key", ADMIN_KEY).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response
}

/// Reads it all without keeping it: bytes and line ends.
async fn measure(mut response: Response) -> (usize, usize) {
    let (mut bytes, mut lines) = (0, 0);
    while let Some(chunk) = response.chunk().await.unwrap() {
        bytes += chunk.len();
        lines += chunk.iter().filter(|byte| **byte == b'\n').count();
    }
    (bytes, lines)
}

#[tokio::test]
async fn a_server_exports_a_large_log_in_little_memory_also_to_a_reader_that_stands_still() {
    let server = server().await;
    let before = memory(server.pid(), "VmRSS").unwrap();
    fs::write(format!("/proc/{}/clear_refs", server.pid()), "5").unwrap();
    let slow = export(&server, "ndjson").await;
    let (bytes, lines) = measure(export(&server, "ndjson").await).await;
    assert!(bytes > CONVERSATIONS * EVENTS * TEXT && lines == CONVERSATIONS * EVENTS, "{bytes} bytes, {lines} lines");
    assert_eq!(measure(export(&server, "csv").await).await.1, CONVERSATIONS * EVENTS + 1);
    let most = memory(server.pid(), "VmHWM").unwrap();
    assert!(most < before + BOUND, "{before} bytes before, {most} at most: {bytes} bytes were exported");
    assert_eq!(measure(slow).await, (bytes, lines), "what the slow reader gets at last");
    let most = memory(server.pid(), "VmHWM").unwrap();
    assert!(most < before + BOUND, "{before} bytes before, {most} at most");
}

#[tokio::test]
async fn the_command_line_exports_and_verifies_a_large_log_in_little_memory() {
    let mut server = server().await;
    server.kill();
    let log = format!("embedded:{}", server.dir().join("log").display());
    for question in [&["export"][..], &["export", "--format", "csv"], &["replay", "--ndjson"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_open-chat"));
        command.env_clear().current_dir(server.dir()).arg("audit").args(question).args(["--log", &log]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut output = child.stdout.take().unwrap();
        let (mut most, mut bytes, mut buffer) = (0, 0, vec![0; 1 << 20]);
        loop {
            let read = output.read(&mut buffer).unwrap();
            if read == 0 {
                break;
            }
            bytes += read;
            most = most.max(memory(child.id(), "VmHWM").unwrap_or(0));
        }
        assert!(child.wait().unwrap().success());
        assert!(bytes > CONVERSATIONS * EVENTS * TEXT && most > 0, "{question:?}: {bytes} bytes");
        assert!(most < BOUND, "{question:?} takes {most} bytes for {bytes}");
    }
}
