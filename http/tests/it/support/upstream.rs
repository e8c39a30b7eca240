//! The scripted model server, in the words of these tests.

use serde_json::{Value, json};
use tokio::sync::mpsc::{self, UnboundedSender};

use super::scripted_upstream::{Script, ScriptedUpstream};

pub struct Upstream(ScriptedUpstream);

impl Upstream {
    pub async fn start() -> Self {
        Self(ScriptedUpstream::start().await)
    }

    pub fn base_url(&self) -> String {
        self.0.base_url()
    }

    /// Bodies of the requests so far.
    pub fn requests(&self) -> Vec<Value> {
        self.0.requests().into_iter().map(|request| request.body).collect()
    }

    /// Waits until so many requests came.
    pub async fn until_asked(&self, requests: usize) {
        self.0.until(|counts| counts.requests >= requests).await;
    }

    /// Waits until a client closed a response before its end.
    pub async fn until_abandoned(&self) {
        self.0.until(|counts| counts.closed_early > 0).await;
    }

    /// The next request gets this whole answer.
    pub fn answer(&self, tokens: &[&str]) {
        self.0.push(Script::answer(tokens));
    }

    /// The next request gets this status.
    pub fn fail(&self, status: u16) {
        self.fail_with(status, "{\"error\":{\"message\":\"no\"}}");
    }

    pub fn fail_with(&self, status: u16, body: &str) {
        self.0.push(Script::refusal(status, &[("content-type", "application/json")], body));
    }

    pub fn push(&self, script: Script) {
        self.0.push(script);
    }

    /// The next request gets an answer that the test speaks; dropping the speaker cuts it.
    pub fn speak(&self) -> Speaker {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.0.push(Script::stream().live(receiver).close());
        Speaker(sender)
    }
}

pub struct Speaker(UnboundedSender<Vec<u8>>);

impl Speaker {
    pub fn token(&mut self, token: &str) {
        self.choice(&json!({"index": 0, "delta": {"content": token}, "finish_reason": null}));
    }

    pub fn finish(self) {
        self.choice(&json!({"index": 0, "delta": {}, "finish_reason": "stop"}));
        self.send("data: [DONE]\n\n");
        let _ = self.0.send(b"0\r\n\r\n".to_vec());
    }

    pub fn say(mut self, answer: &str) {
        self.token(answer);
        self.finish();
    }

    fn choice(&self, choice: &Value) {
        self.send(&format!("data: {}\n\n", json!({"choices": [choice]})));
    }

    fn send(&self, body: &str) {
        // The client may be gone; tests that care see it in what it did.
        let _ = self.0.send(format!("{:x}\r\n{body}\r\n", body.len()).into_bytes());
    }
}
