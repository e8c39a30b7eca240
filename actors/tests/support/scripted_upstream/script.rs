//! One response, step by step.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedReceiver;

/// Holds a script back until the test calls `notify_one`.
pub(crate) type Gate = Arc<Notify>;

enum Step {
    Bytes(Vec<u8>),
    Wait(Gate),
    Live(UnboundedReceiver<Vec<u8>>),
    Hang,
    Close,
}

/// How a script came to its end.
pub(super) enum End {
    Played,
    Closed,
    ClosedEarly,
}

/// Steps of a response, built in order. After the last one the connection takes the next request.
#[derive(Default)]
pub(crate) struct Script {
    steps: Vec<Step>,
}

impl Script {
    /// Not even a status line.
    pub(crate) fn nothing() -> Self {
        Self::default()
    }

    /// Status 200 and the headers of a chunked event stream.
    pub(crate) fn stream() -> Self {
        Self::stream_of("text/event-stream; charset=utf-8")
    }

    /// Status 200 and the headers of a chunked body of another type.
    pub(crate) fn stream_of(content_type: &str) -> Self {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n");
        Self::nothing().raw(head)
    }

    /// A whole, well-formed answer of these tokens.
    pub(crate) fn answer(tokens: &[&str]) -> Self {
        let script = tokens.iter().fold(Self::stream(), |script, token| script.token(token));
        script.finish("stop").done().end()
    }

    /// A whole response that is no stream.
    pub(crate) fn refusal(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let mut head = format!("HTTP/1.1 {status} Refused\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        Self::nothing().raw(head + "\r\n" + body)
    }

    /// Bytes as they are, outside any framing.
    pub(crate) fn raw(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.steps.push(Step::Bytes(bytes.into()));
        self
    }

    /// Bytes of the body, as one HTTP chunk: the client reads them apart from what comes before and after.
    pub(crate) fn body(self, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        if bytes.is_empty() {
            return self;
        }
        let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
        chunk.extend_from_slice(bytes);
        chunk.extend_from_slice(b"\r\n");
        self.raw(chunk)
    }

    /// One event.
    pub(crate) fn data(self, data: impl std::fmt::Display) -> Self {
        self.body(format!("data: {data}\n\n"))
    }

    /// A chat completion chunk with this choice.
    pub(crate) fn choice(self, choice: &Value) -> Self {
        self.data(json!({"object": "chat.completion.chunk", "model": "scripted-1", "choices": [choice]}))
    }

    /// A chunk with text.
    pub(crate) fn token(self, text: &str) -> Self {
        self.choice(&json!({"index": 0, "delta": {"content": text}, "finish_reason": null}))
    }

    /// A chunk with a finish reason.
    pub(crate) fn finish(self, reason: &str) -> Self {
        self.choice(&json!({"index": 0, "delta": {}, "finish_reason": reason}))
    }

    /// `[DONE]`.
    pub(crate) fn done(self) -> Self {
        self.data("[DONE]")
    }

    /// The end of a chunked body.
    pub(crate) fn end(self) -> Self {
        self.raw("0\r\n\r\n")
    }

    /// Goes on only when the gate is opened.
    pub(crate) fn wait(mut self, gate: &Gate) -> Self {
        self.steps.push(Step::Wait(Arc::clone(gate)));
        self
    }

    /// Sends what comes through the channel, until its sender is dropped.
    pub(crate) fn live(mut self, bytes: UnboundedReceiver<Vec<u8>>) -> Self {
        self.steps.push(Step::Live(bytes));
        self
    }

    /// Sends nothing more until the client closes.
    pub(crate) fn hang(mut self) -> Self {
        self.steps.push(Step::Hang);
        self
    }

    /// Closes the connection.
    pub(crate) fn close(mut self) -> Self {
        self.steps.push(Step::Close);
        self
    }

    pub(super) async fn play(self, socket: &mut TcpStream) -> End {
        let (mut reader, mut writer) = socket.split();
        for step in self.steps {
            let closed = async {
                // Clients of HTTP/1.1 that do not pipeline send nothing here: what can be read is the end.
                let _ = reader.read(&mut [0]).await;
            };
            let done = async {
                match step {
                    Step::Bytes(bytes) => writer.write_all(&bytes).await.is_ok().then_some(End::Played),
                    Step::Wait(gate) => {
                        gate.notified().await;
                        Some(End::Played)
                    }
                    Step::Live(mut bytes) => loop {
                        match bytes.recv().await {
                            Some(bytes) if writer.write_all(&bytes).await.is_ok() => {}
                            Some(_) => break None,
                            None => break Some(End::Played),
                        }
                    },
                    Step::Hang => std::future::pending().await,
                    Step::Close => Some(End::Closed),
                }
            };
            tokio::select! {
                biased;
                end = done => match end {
                    Some(End::Played) => {}
                    Some(end) => return end,
                    None => return End::ClosedEarly,
                },
                () = closed => return End::ClosedEarly,
            }
        }
        End::Played
    }
}
