//! The fake EventStoreDB as a process, with a database in a file, so that it can be killed and come back.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A server of its own. Dropped, it is killed.
pub struct Server {
    child: Child,
    url: String,
    dir: TempDir,
}

impl Server {
    pub fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (child, url) = spawn(dir.path(), "0");
        Self { child, url, dir }
    }

    /// What `EVENT_LOG` is to be.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts another on the same port and the same data.
    pub fn restart(&mut self) {
        let port = self.url.trim_start_matches("esdb://127.0.0.1:").trim_end_matches("?tls=false").to_owned();
        (self.child, self.url) = spawn(self.dir.path(), &port);
    }

    /// The file of its database.
    pub fn file(&self) -> PathBuf {
        file(self.dir.path())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn file(dir: &Path) -> PathBuf {
    dir.join("database")
}

fn spawn(dir: &Path, port: &str) -> (Child, String) {
    // Built beside the server by `cargo test --package chat-fake-eventstore`, or with the whole workspace.
    let program = Path::new(env!("CARGO_BIN_EXE_open-chat")).with_file_name("fake-eventstore");
    let mut command = Command::new(&program);
    command.arg(file(dir)).arg(port).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| {
        panic!("{}: {error}: build it with `cargo build --package chat-fake-eventstore`", program.display())
    });
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    (child, url.trim().to_owned())
}
