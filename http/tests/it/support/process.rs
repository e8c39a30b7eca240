//! The process of the server under test: started in a directory of its own, killed when the test ends.

use std::any::Any;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::nats;

/// Longest time a start or a stop may take; a bound on hangs, not a measurement.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// How a server is started.
#[derive(Default)]
pub struct Options {
    vars: Vec<(String, String)>,
    /// A program and its arguments to start the binary through, `prlimit` for instance.
    wrapper: Vec<String>,
    cwd: Option<PathBuf>,
}

impl Options {
    pub fn var(mut self, name: &str, value: impl ToString) -> Self {
        self.vars.push((name.into(), value.to_string()));
        self
    }

    /// These, and what `more` adds.
    pub fn and(mut self, more: Self) -> Self {
        self.vars.extend(more.vars);
        self
    }

    pub fn through(mut self, wrapper: &[&str]) -> Self {
        self.wrapper = wrapper.iter().map(ToString::to_string).collect();
        self
    }

    pub fn cwd(mut self, dir: &Path) -> Self {
        self.cwd = Some(dir.to_owned());
        self
    }
}

/// Options of a server whose model is at `base_url`.
pub fn model(base_url: &str) -> Options {
    Options::default().var("OPENAI_API_KEY", "sk-test-key-of-the-model").var("OPENAI_BASE_URL", base_url)
}

pub struct Process {
    child: Child,
    /// Gives the address when the process listens, and ends when the process does.
    address: Receiver<String>,
    options: Options,
    dir: TempDir,
    /// The server of its log, if that is not embedded and the test has none of its own.
    _log: Option<Box<dyn Any + Send>>,
}

impl Process {
    /// Starts it, and does not wait for it to listen.
    pub fn launch(mut options: Options) -> Self {
        let (log, dir) = (log_of_its_own(&mut options), tempfile::tempdir().unwrap());
        let (child, address) = spawn(&options, dir.path());
        Self { child, address, options, dir, _log: log }
    }

    /// Waits until it listens: the address, or with which status and words it stopped.
    pub(super) fn address(&mut self) -> Result<String, (ExitStatus, String)> {
        match self.address.recv_timeout(PATIENCE) {
            Ok(address) => Ok(address),
            Err(RecvTimeoutError::Disconnected) => Err((self.child.wait().unwrap(), self.log())),
            Err(RecvTimeoutError::Timeout) => panic!("the server neither starts nor stops"),
        }
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts another on the same data.
    pub fn relaunch(&mut self) {
        (self.child, self.address) = spawn(&self.options, self.dir.path());
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks the process to stop.
    pub fn terminate(&self) {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Waits until the process has ended by itself.
    pub async fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the server does not stop");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// What the server wrote to its log.
    pub fn log(&self) -> String {
        fs::read_to_string(log_file(self.dir.path())).unwrap()
    }

    /// Waits until the server has written this to its log.
    pub async fn until_logged(&self, words: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.log().contains(words) {
            assert!(Instant::now() < deadline, "the server does not say: {words}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- log of the server ---\n{}", self.log());
        }
    }
}

/// With `TEST_EVENT_LOG=nats` or `esdb`, a server that is told no log gets a fresh one on JetStream, or on the fake EventStoreDB.
fn log_of_its_own(options: &mut Options) -> Option<Box<dyn Any + Send>> {
    let kind = std::env::var("TEST_EVENT_LOG").unwrap_or_default();
    if kind.is_empty() || options.vars.iter().any(|(name, _)| name == "EVENT_LOG") {
        return None;
    }
    let (server, url) = shared_log(&kind);
    options.vars.push(("EVENT_LOG".into(), url));
    Some(server)
}

/// A server of a shared log of this kind, and its address.
pub fn shared_log(kind: &str) -> (Box<dyn Any + Send>, String) {
    match kind {
        "nats" => {
            let server = nats::Server::start();
            let url = server.url();
            (Box::new(server), url)
        }
        #[cfg(feature = "eventstore")]
        "esdb" => {
            let server = crate::fake_eventstore::Server::start();
            let url = server.url();
            (Box::new(server), url)
        }
        other => panic!("TEST_EVENT_LOG={other} is no log to test on: give nats, or esdb with the feature eventstore"),
    }
}

fn spawn(options: &Options, dir: &Path) -> (Child, Receiver<String>) {
    let binary = env!("CARGO_BIN_EXE_open-chat");
    let mut command = match options.wrapper.split_first() {
        None => Command::new(binary),
        Some((program, arguments)) => {
            let mut command = Command::new(program);
            command.args(arguments).arg(binary);
            command
        }
    };
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("PORT", "0")
        .envs(options.vars.iter().map(|(name, value)| (name, value)))
        .current_dir(options.cwd.as_deref().unwrap_or(dir))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(File::options().create(true).append(true).open(log_file(dir)).unwrap());
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if let Some(url) = line.strip_prefix("open-chat listening on ") {
                let _ = sender.send(url.to_owned());
            }
        }
    });
    (child, receiver)
}

fn log_file(dir: &Path) -> PathBuf {
    dir.join("stderr.log")
}
