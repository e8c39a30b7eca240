//! A disk that is full: messages are refused, none that was acknowledged is lost, and service comes back with the space.

use std::path::Path;
use std::process::Command;

use reqwest::StatusCode;
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Options, Server, body_of};

/// A file system of a few megabytes, unmounted at the end.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None` where mounting is not allowed.
    fn mount(size: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let options = format!("size={size}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(dir.path()).status();
        mounted.is_ok_and(|status| status.success()).then_some(Self(dir))
    }

    fn resize(&self, size: &str) {
        let options = format!("remount,size={size}");
        assert!(Command::new("mount").args(["-o", &options]).arg(self.path()).status().unwrap().success());
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

fn options() -> Options {
    Options::default().var("RATE_LIMIT_MAX_REQUESTS", 1_000_000)
}

/// Sends messages until one is refused, and returns the numbers of those that were acknowledged.
async fn fill(server: &Server) -> Vec<usize> {
    let mut acknowledged = Vec::new();
    for number in 0..5_000 {
        let session = format!("s{number}");
        let body = json!({"sessionId": session, "message": format!("{number} {}", "x".repeat(3900)), "messageId": "m"});
        let mut stream = server.stream_body(&body).await;
        if stream.response.status() == StatusCode::SERVICE_UNAVAILABLE {
            // Nothing is said of the next one: answers that end meanwhile may leave room for it.
            let (_, refused) = body_of(stream.response).await;
            assert_eq!(refused["error"], "Service unavailable");
            return acknowledged;
        }
        assert_eq!(stream.response.status(), 200);
        // What follows `start` may fail, since the answer needs space too; the message itself is acknowledged now.
        assert_eq!(stream.next().await.as_deref(), Some("start"));
        acknowledged.push(number);
    }
    panic!("the disk never fills up");
}

async fn assert_all_there(server: &Server, acknowledged: &[usize]) {
    for number in acknowledged {
        let text = format!("{number} {}", "x".repeat(3900));
        let body = json!({"sessionId": format!("s{number}"), "message": text, "messageId": "m"});
        // The same id again: answered from what is stored, or a new attempt of it, but never a second message.
        let (status, reply) = body_of(server.chat("/v1/chat", &body).send().await.unwrap()).await;
        assert_eq!(status, 200, "{reply}");
        let id = reply["conversationId"].as_str().unwrap();
        let thread = server.admin(&format!("/v1/admin/conversations/{id}")).await;
        let messages = thread["messages"].as_array().unwrap();
        assert_eq!((messages.len(), &messages[0]["content"]), (2, &json!(text)));
    }
    let total = server.admin("/v1/admin/conversations?limit=1").await["total"].as_u64().unwrap();
    assert_eq!(total, acknowledged.len() as u64, "exactly what was acknowledged is there");
}

#[tokio::test]
async fn a_full_disk_refuses_messages_and_recovers_with_space() {
    let Some(disk) = SmallDisk::mount("1m") else {
        println!("skipped: this machine does not let the test mount a file system");
        return;
    };
    let mut server =
        Server::start(options().var("EVENT_LOG", format!("embedded:{}", disk.path().join("log").display())));
    let acknowledged = fill(&server).await;
    assert!(!acknowledged.is_empty());
    assert_eq!(server.get("/health").await.status(), 200);
    assert_eq!(server.get("/ready").await.status(), 200);

    disk.resize("64m");
    assert_all_there(&server, &acknowledged).await;
    server.crash_and_restart();
    assert_all_there(&server, &acknowledged).await;
    drop(server);
}

/// Waits until `/ready` says this of the read models.
async fn until_read_models(server: &Server, what: impl Fn(&serde_json::Value) -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let (_, ready) = body_of(server.get("/ready").await).await;
        if what(&ready["projections"]) {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{ready}");
    }
}

#[tokio::test]
async fn read_models_that_a_full_disk_keeps_from_being_built_again_say_so_and_are_built_with_space() {
    let Some(disk) = SmallDisk::mount("64m") else {
        println!("skipped: this machine does not let the test mount a file system");
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let log = format!("embedded:{}", directory.path().display());
    let mut seed = Command::new(env!("CARGO_BIN_EXE_open-chat"));
    seed.args(["seed", "--conversations", "1000"]).env_clear().env("EVENT_LOG", &log).current_dir(directory.path());
    assert!(seed.output().unwrap().status.success());
    let models = disk.path().join("read-models");
    let server = Server::start(options().var("EVENT_LOG", &log).var("READ_MODELS", models.display()));
    until_read_models(&server, |models| models["state"] == "live").await;

    // The deleted files stay open and keep their room; what takes their place needs about as much.
    let files: Vec<_> = std::fs::read_dir(&models).unwrap().map(Result::unwrap).collect();
    let used: u64 = files.iter().map(|file| file.metadata().unwrap().len()).sum();
    disk.resize(&(used + (1 << 18)).to_string());
    files.iter().for_each(|file| std::fs::remove_file(file.path()).unwrap());
    until_read_models(&server, |models| {
        models["state"] == "building" && models["reason"].as_str().is_some_and(|reason| reason.contains("full"))
    })
    .await;
    assert_eq!(server.say("meanwhile", "hello").await.status(), 200);

    disk.resize("64m");
    until_read_models(&server, |models| models["state"] == "live" && models["reason"].is_null()).await;
    assert_eq!(server.admin("/v1/admin/conversations?limit=1").await["total"], 1001);
    let found = server.admin("/v1/admin/conversations?q=hello").await;
    assert_eq!(found["conversations"][0]["sessionId"], "meanwhile", "{found}");
    drop(server);
}

#[tokio::test]
async fn a_file_size_limit_refuses_messages_and_recovers_when_it_is_lifted() {
    let server = Server::start(options().through(&["prlimit", "--fsize=1500000:unlimited"]));
    let acknowledged = fill(&server).await;
    assert!(!acknowledged.is_empty());
    let pid = server.pid().to_string();
    assert!(Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited"]).status().unwrap().success());
    assert_all_there(&server, &acknowledged).await;
}

#[tokio::test]
async fn a_data_directory_that_is_taken_away_refuses_messages_until_it_is_back() {
    let mut server = Server::start(options().var("READ_MODELS", "read-models"));
    assert_eq!(server.say("s1", "before").await.status(), 200);
    let (data, aside) = (server.dir().join("data"), server.dir().join("aside"));
    std::fs::rename(&data, &aside).unwrap();
    assert_eq!(server.say("s2", "lost?").await.status(), 503, "no restart would find this message");
    let (_, ready) = body_of(server.get("/ready").await).await;
    assert_eq!(ready["log"]["state"], "unavailable");
    std::fs::rename(&aside, &data).unwrap();
    assert_eq!(server.say("s2", "found").await.status(), 200);
    server.crash_and_restart();
    for (session, text) in [("s1", "user: before"), ("s2", "user: found")] {
        let thread = server.thread(session).await;
        assert_eq!((thread.len(), thread[0].as_str()), (2, text));
    }
}
