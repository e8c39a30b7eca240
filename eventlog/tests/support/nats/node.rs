//! One nats-server process with its directory and its log.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::asking::{Connection, SILENCE};
use super::binary::nats_server;
use super::{OPERATOR_PASSWORD, PASSWORD, PATIENCE, USER, until};

const LOG_TAIL: usize = 60;

pub(super) struct Node {
    name: String,
    configuration: PathBuf,
    arguments: Vec<String>,
    variables: Vec<(&'static str, String)>,
    port: u16,
    dir: TempDir,
    child: Option<Child>,
}

/// The server found one of its ports taken.
pub(super) struct PortTaken;

impl Node {
    /// Starts a server named `name` on `port`; returns once its process is there, which is not yet ready.
    pub(super) fn new(
        name: &str,
        configuration: &Path,
        port: u16,
        more: &[(&'static str, String)],
        arguments: &[String],
    ) -> Self {
        let dir = TempDir::new().unwrap();
        let mut variables = vec![
            ("NATS_NAME", name.to_owned()),
            ("NATS_HOST", "127.0.0.1".to_owned()),
            ("NATS_PORT", port.to_string()),
            ("NATS_STORE", dir.path().join("store").display().to_string()),
            ("NATS_MAX_STORE", "4GB".to_owned()),
            ("NATS_OPERATOR_PASSWORD", OPERATOR_PASSWORD.to_owned()),
            ("NATS_OPEN_CHAT_PASSWORD", PASSWORD.to_owned()),
        ];
        variables.extend_from_slice(more);
        let (name, configuration, arguments) = (name.to_owned(), configuration.to_owned(), arguments.to_owned());
        let mut node = Self { name, configuration, arguments, variables, port, dir, child: None };
        node.spawn();
        node
    }

    pub(super) fn spawn(&mut self) {
        assert!(self.child.is_none(), "{} runs already", self.name);
        let log = File::options().create(true).append(true).open(self.log_file()).unwrap();
        let child = Command::new(nats_server())
            .arg("-c")
            .arg(&self.configuration)
            .args(&self.arguments)
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.child = Some(child.unwrap());
    }

    /// Waits until the server answers this user and has its JetStream.
    pub(super) fn until_ready(&mut self, user: Option<(&str, &str)>) -> Result<(), PortTaken> {
        self.until_connected(|port| Connection::open(port, user, SILENCE))
    }

    /// Waits until the server takes connections and has its JetStream, whomever it then lets in.
    pub(super) fn until_listening(&mut self) -> Result<(), PortTaken> {
        self.until_connected(|port| Connection::hear(port, SILENCE))
    }

    fn until_connected(&mut self, connect: impl Fn(u16) -> Option<Connection>) -> Result<(), PortTaken> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                self.child = None;
                if self.log().contains("address already in use") {
                    return Err(PortTaken);
                }
                panic!("{} ended with {status}:\n{}", self.name, self.log_tail());
            }
            // Another process may have taken the port and answer in its place: the name tells.
            let info = connect(self.port).map(|connection| connection.info);
            if info.is_some_and(|info| info["server_name"] == *self.name && info["jetstream"] != Value::Bool(false)) {
                return Ok(());
            }
            assert!(Instant::now() < deadline, "{} does not become ready:\n{}", self.name, self.log_tail());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends the process as a power cut of its machine would, but for what the system's cache holds.
    pub(super) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Asks the process to stop and waits until it has.
    pub(super) fn stop(&mut self) {
        self.signal("TERM");
        let mut child = self.child.take().unwrap();
        until("the server stops", || child.try_wait().unwrap());
    }

    pub(super) fn pause(&self) {
        self.signal("STOP");
    }

    pub(super) fn resume(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap().success());
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Where its data are.
    pub(super) fn store(&self) -> PathBuf {
        self.dir.path().join("store")
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.as_ref().unwrap_or_else(|| panic!("{} does not run", self.name)).id()
    }

    pub(super) fn runs(&self) -> bool {
        self.child.is_some()
    }

    pub(super) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Asks as `open-chat`, for answers from at most `most` servers, until nothing comes for `silence`.
    pub(super) fn ask(&self, subject: &str, body: &str, most: usize, silence: Duration) -> Vec<Value> {
        let connection = Connection::open(self.port, Some((USER, PASSWORD)), silence);
        connection.map_or_else(Vec::new, |mut it| it.ask(subject, body, most))
    }

    fn log_file(&self) -> PathBuf {
        self.dir.path().join("nats-server.log")
    }

    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_TAIL)..].join("\n")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            eprintln!("--- end of the log of nats-server {} ---\n{}", self.name, self.log_tail());
        }
    }
}
