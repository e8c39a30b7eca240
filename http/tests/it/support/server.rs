//! The real binary, and one method a request.

use std::ops::{Deref, DerefMut};
use std::process::ExitStatus;
use std::time::Instant;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::client::Stream;
use super::process::{Options, PATIENCE, Process, model};

pub const WIDGET_KEY: &str = "change-me-widget-key";
pub const ADMIN_KEY: &str = "change-me-admin-api-key";

/// A server that listens.
pub struct Server {
    process: Process,
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
        Self::of(Process::launch(options))
    }

    /// The server of a process, once it listens.
    pub fn of(mut process: Process) -> Result<Self, (ExitStatus, String)> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = process.address()?;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Ok(Self { process, url, http })
    }

    /// Kills the process as a power cut would, and starts another on the same data.
    pub fn crash_and_restart(&mut self) {
        self.kill();
        self.restart();
    }

    pub fn restart(&mut self) {
        self.process.relaunch();
        let address = self.process.address();
        self.url = address.unwrap_or_else(|(_, stderr)| panic!("the server did not start again: {stderr}"));
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

impl Deref for Server {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl DerefMut for Server {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.process
    }
}
