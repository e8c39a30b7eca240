//! The real binary, started in a directory of its own and killed when the test ends.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::Stream;

pub const WIDGET_KEY: &str = "change-me-widget-key";
pub const ADMIN_KEY: &str = "change-me-admin-api-key";

/// Longest time a start or a stop may take; a bound on hangs, not a measurement.
const PATIENCE: Duration = Duration::from_secs(60);

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

    pub fn through(mut self, wrapper: &[&str]) -> Self {
        self.wrapper = wrapper.iter().map(ToString::to_string).collect();
        self
    }

    pub fn cwd(mut self, dir: &Path) -> Self {
        self.cwd = Some(dir.to_owned());
        self
    }
}

pub struct Server {
    child: Child,
    options: Options,
    dir: TempDir,
    pub url: String,
    pub http: reqwest::Client,
}

impl Server {
    /// A server with the demo assistant.
    pub fn demo() -> Self {
        Self::start(Options::default())
    }

    /// A server whose model is at `base_url`.
    pub fn with_model(base_url: &str) -> Self {
        Self::start(model(base_url))
    }

    pub fn start(options: Options) -> Self {
        Self::try_start(options).unwrap_or_else(|(_, stderr)| panic!("the server did not start: {stderr}"))
    }

    /// Starts a server, or tells with which status and words it stopped.
    pub fn try_start(options: Options) -> Result<Self, (ExitStatus, String)> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = tempfile::tempdir().unwrap();
        let (child, url) = spawn(&options, dir.path())?;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Ok(Self { child, options, dir, url, http })
    }

    /// Kills the process as a power cut would, and starts another on the same data.
    pub fn crash_and_restart(&mut self) {
        self.kill();
        self.restart();
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn restart(&mut self) {
        let (child, url) = spawn(&self.options, self.dir.path())
            .unwrap_or_else(|(_, stderr)| panic!("the server did not start again: {stderr}"));
        (self.child, self.url) = (child, url);
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
        fs::read_to_string(self.dir.path().join("stderr.log")).unwrap()
    }

    pub fn address(&self) -> std::net::SocketAddr {
        self.url.strip_prefix("http://").unwrap().parse().unwrap()
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub fn chat(&self, path: &str, body: &Value) -> RequestBuilder {
        self.request(Method::POST, path).header("x-api-key", WIDGET_KEY).json(body)
    }

    /// `POST /v1/chat`.
    pub async fn say(&self, session: &str, message: &str) -> Response {
        self.chat("/v1/chat", &json!({"sessionId": session, "message": message})).send().await.unwrap()
    }

    /// `POST /v1/chat/stream` with any body.
    pub async fn stream_body(&self, body: &Value) -> Stream {
        Stream::new(self.chat("/v1/chat/stream", body).send().await.unwrap())
    }

    pub async fn stream(&self, session: &str, message: &str) -> Stream {
        self.stream_body(&json!({"sessionId": session, "message": message})).await
    }

    /// `POST /v1/chat/stream` with a message id.
    pub async fn stream_as(&self, session: &str, message_id: &str, message: &str) -> Stream {
        self.stream_body(&json!({"sessionId": session, "message": message, "messageId": message_id})).await
    }

    /// An admin read; asks again while the read models are built for the first time.
    pub async fn admin(&self, path: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let request = self.request(Method::GET, path).header("x-admin-api-key", ADMIN_KEY);
            let response = request.send().await.unwrap();
            let catching_up = response.status() == 503 && Instant::now() < deadline;
            if !catching_up {
                assert_eq!(response.status(), 200, "{path}");
                return response.json().await.unwrap();
            }
        }
    }

    /// The thread of a session as `role: content (status)` lines; empty when there is no such conversation.
    pub async fn thread(&self, session: &str) -> Vec<String> {
        let list = self.admin("/v1/admin/conversations?limit=200").await;
        let conversations = list["conversations"].as_array().unwrap();
        let Some(conversation) = conversations.iter().find(|summary| summary["sessionId"] == session) else {
            return Vec::new();
        };
        let id = conversation["_id"].as_str().unwrap();
        let thread = self.admin(&format!("/v1/admin/conversations/{id}")).await;
        let text = |message: &Value, field: &str| message[field].as_str().unwrap().to_owned();
        let line = |message: &Value| match text(message, "status").as_str() {
            "complete" => format!("{}: {}", text(message, "role"), text(message, "content")),
            status => format!("{}: {} ({status})", text(message, "role"), text(message, "content")),
        };
        thread["messages"].as_array().unwrap().iter().map(line).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- log of the server ---\n{}", self.log());
        }
    }
}

/// Options of a server whose model is at `base_url`.
pub fn model(base_url: &str) -> Options {
    Options::default().var("OPENAI_API_KEY", "sk-test-key-of-the-model").var("OPENAI_BASE_URL", base_url)
}

fn spawn(options: &Options, dir: &Path) -> Result<(Child, String), (ExitStatus, String)> {
    let binary = env!("CARGO_BIN_EXE_open-chat");
    let mut command = match options.wrapper.split_first() {
        None => Command::new(binary),
        Some((program, arguments)) => {
            let mut command = Command::new(program);
            command.args(arguments).arg(binary);
            command
        }
    };
    let log = dir.join("stderr.log");
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("PORT", "0")
        .envs(options.vars.iter().map(|(name, value)| (name, value)))
        .current_dir(options.cwd.as_deref().unwrap_or(dir))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(File::options().create(true).append(true).open(&log).unwrap());
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
    match receiver.recv_timeout(PATIENCE) {
        Ok(url) => Ok((child, url)),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err((child.wait().unwrap(), fs::read_to_string(&log).unwrap())),
        Err(mpsc::RecvTimeoutError::Timeout) => {
            let _ = child.kill();
            panic!("the server neither starts nor stops");
        }
    }
}
