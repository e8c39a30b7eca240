//! One visitor: a connection that is kept, and one message at a time on it.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use chat_schema::SessionId;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::lines::Lines;
use super::{Arguments, PATIENCE, Protocol, Seen};

/// Whom all visitors speak to, and what they say.
pub(super) struct Target {
    address: String,
    protocol: Protocol,
    message: String,
    tokens: u64,
}

/// A visitor.
#[derive(Default)]
pub(super) struct Visitor {
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Target {
    pub(super) fn of(arguments: &Arguments) -> Self {
        Self {
            address: arguments.address.clone(),
            protocol: arguments.protocol,
            message: arguments.script.to_string(),
            tokens: arguments.script.tokens.into(),
        }
    }

    fn request(&self, session: &SessionId) -> Result<Request<Full<Bytes>>> {
        let (path, body) = match self.protocol {
            Protocol::Ours => ("/chat", json!({"sessionId": session, "message": self.message})),
            Protocol::Model => {
                let messages = json!([{"role": "user", "content": self.message}]);
                ("/v1/chat/completions", json!({"model": "scripted", "stream": true, "messages": messages}))
            }
        };
        let request = Request::post(path)
            .header("host", &self.address)
            .header("content-type", "application/json")
            .header("x-api-key", crate::stand::WIDGET_KEY);
        Ok(request.body(Full::from(body.to_string()))?)
    }
}

impl Visitor {
    /// Sends a message that was due at `intended`, and reads its answer to the end.
    pub(super) async fn ask(&mut self, target: &Target, session: &SessionId, intended: Instant, seen: &mut Seen) {
        let answered = timeout(PATIENCE, self.answer(target, session, intended, seen)).await;
        if let Err(error) = answered.context("no end of the answer").and_then(|answered| answered) {
            self.connection = None;
            seen.errors.push(format!("{error:#}"));
        }
    }

    async fn answer(&mut self, target: &Target, session: &SessionId, intended: Instant, seen: &mut Seen) -> Result<()> {
        let request = target.request(session)?;
        let mut response = self.connected(target).await?.send_request(request).await?;
        let (mut lines, mut first_token) = (Lines::default(), None);
        while let Some(frame) = response.frame().await {
            if let Ok(bytes) = frame?.into_data() {
                lines.take(target.protocol, &bytes);
            }
            if first_token.is_none() && lines.tokens > 0 {
                first_token = Some(intended.elapsed());
            }
        }
        let Lines { tokens, ended, failure, added_gap_ms, .. } = lines;
        if !response.status().is_success() || !ended || tokens != target.tokens {
            bail!("status {}, {tokens} tokens, {}", response.status(), failure.unwrap_or_else(|| "cut".into()));
        }
        let end = Instant::now();
        seen.tokens += tokens;
        seen.first_token_ms.extend(first_token.map(|time| time.as_secs_f64() * 1000.0));
        seen.turn_ms.push((end - intended).as_secs_f64() * 1000.0);
        seen.added_gap_ms.extend(added_gap_ms);
        seen.last_end = seen.last_end.max(Some(end));
        Ok(())
    }

    async fn connected(&mut self, target: &Target) -> Result<&mut SendRequest<Full<Bytes>>> {
        if self.connection.as_ref().is_none_or(SendRequest::is_closed) {
            let stream = TcpStream::connect(&target.address).await.context("connect")?;
            stream.set_nodelay(true)?;
            let (sender, connection) = handshake(TokioIo::new(stream)).await?;
            tokio::spawn(connection);
            self.connection = Some(sender);
        }
        let connection = self.connection.as_mut().context("no connection")?;
        connection.ready().await?;
        Ok(connection)
    }
}
