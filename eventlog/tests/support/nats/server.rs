//! A single server.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::asking::SILENCE;
use super::node::{Node, PortTaken};
use super::{OPERATOR, OPERATOR_PASSWORD, PASSWORD, PATIENCE, USER, configuration, ports};

pub(crate) struct Server {
    node: Node,
    /// Whom the readiness check signs in as.
    user: Option<(&'static str, &'static str)>,
    /// Holds a configuration of the test's own.
    _files: Option<TempDir>,
}

impl Server {
    /// A server with `deploy/nats/single.conf`.
    pub(crate) fn start() -> Self {
        Self::try_often(|port| {
            let node = Node::new("single", &configuration().join("single.conf"), port, &[], &[]);
            Self { node, user: Some((USER, PASSWORD)), _files: None }
        })
    }

    /// A server without accounts, with this configuration. It may use `$NATS_NAME`, `$NATS_HOST`, `$NATS_PORT` and `$NATS_STORE`,
    /// has to use the first three, and may include the files of `deploy/nats` by their name. `sync_interval` for instance is the
    /// server's default then:
    /// `server_name: $NATS_NAME, host: $NATS_HOST, port: $NATS_PORT, jetstream { store_dir: $NATS_STORE }`.
    pub(crate) fn start_with(text: &str) -> Self {
        Self::try_often(|port| Self::own(text, port))
    }

    /// The same for a configuration that does not let everyone in, or only over TLS. It can be started once.
    pub(crate) fn start_closed(text: &str) -> Self {
        loop {
            let [port] = ports::free();
            let mut server = Self::own(text, port);
            if let Ok(()) = server.node.until_listening() {
                return server;
            }
        }
    }

    fn own(text: &str, port: u16) -> Self {
        let files = TempDir::new().unwrap();
        for file in fs::read_dir(configuration()).unwrap().map(Result::unwrap) {
            fs::copy(file.path(), files.path().join(file.file_name())).unwrap();
        }
        let own = files.path().join("own.conf");
        fs::write(&own, text).unwrap();
        Self { node: Node::new("own", &own, port, &[], &[]), user: None, _files: Some(files) }
    }

    fn try_often(start: impl Fn(u16) -> Self) -> Self {
        loop {
            let [port] = ports::free();
            let mut server = start(port);
            if let Ok(()) = server.node.until_ready(server.user) {
                return server;
            }
        }
    }

    /// Where clients connect, with the credentials of `open-chat`.
    pub(crate) fn url(&self) -> String {
        match self.user {
            Some((user, password)) => format!("nats://{user}:{password}@127.0.0.1:{}", self.port()),
            None => format!("nats://127.0.0.1:{}", self.port()),
        }
    }

    /// Where the operator connects: the system account.
    pub(crate) fn operator_url(&self) -> String {
        format!("nats://{OPERATOR}:{OPERATOR_PASSWORD}@127.0.0.1:{}", self.port())
    }

    /// Where its data are.
    pub(crate) fn store(&self) -> std::path::PathBuf {
        self.node.store()
    }

    pub(crate) fn port(&self) -> u16 {
        self.node.port()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.node.pid()
    }

    /// Ends the process with SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.node.kill();
    }

    /// Ends the process with SIGTERM.
    pub(crate) fn stop(&mut self) {
        self.node.stop();
    }

    /// Starts it again, after it was ended if it still runs, at the same address and on the same data.
    pub(crate) fn restart(&mut self) {
        if self.node.runs() {
            self.node.stop();
        }
        self.node.spawn();
        if let Err(PortTaken) = self.node.until_ready(self.user) {
            panic!("port {} was taken while the server was down", self.port());
        }
    }

    /// Stands still with SIGSTOP: connections stay open, and nobody answers.
    pub(crate) fn pause(&self) {
        self.node.pause();
    }

    pub(crate) fn resume(&self) {
        self.node.resume();
    }

    /// Asks the server as `open-chat` and returns its answer; `None` when there is none soon, or not one of JSON.
    pub(crate) fn try_ask(&self, subject: &str, body: &str) -> Option<Value> {
        self.node.ask(subject, body, 1, SILENCE).pop()
    }

    /// Asks the server as `open-chat` and waits for its answer.
    pub(crate) fn ask(&self, subject: &str, body: &str) -> Value {
        let answer = self.node.ask(subject, body, 1, PATIENCE).pop();
        answer.unwrap_or_else(|| panic!("no answer to {subject}"))
    }

    /// Its directory: `store` with the data, and the log.
    pub(crate) fn dir(&self) -> &Path {
        self.node.dir()
    }

    /// What the server wrote to its log.
    pub(crate) fn log(&self) -> String {
        self.node.log()
    }
}
