//! Just enough of the NATS protocol to ask a server a question, without a client library that would hide its answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

/// A server that says nothing for so long has said all, or is asked again.
pub(super) const SILENCE: Duration = Duration::from_millis(500);

pub(super) struct Connection {
    /// What the server said of itself.
    pub(super) info: Value,
    reader: BufReader<TcpStream>,
}

impl Connection {
    /// Connects and hears what the server says of itself, before it knows who is there; `None` when nobody answers. Every answer may
    /// take as long as `silence`.
    pub(super) fn hear(port: u16, silence: Duration) -> Option<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
        stream.set_read_timeout(Some(silence)).unwrap();
        let mut connection = Self { info: Value::Null, reader: BufReader::new(stream) };
        connection.info = serde_json::from_str(connection.line()?.strip_prefix("INFO ")?).ok()?;
        Some(connection)
    }

    /// Signs in; `None` when nobody is there or the server refuses.
    pub(super) fn open(port: u16, user: Option<(&str, &str)>, silence: Duration) -> Option<Self> {
        let mut connection = Self::hear(port, silence)?;
        let mut options = json!({"verbose": false, "pedantic": false, "headers": true, "no_responders": true});
        if let Some((user, password)) = user {
            options["user"] = user.into();
            options["pass"] = password.into();
        }
        connection.send(&format!("CONNECT {options}\r\nPING\r\n"))?;
        loop {
            let line = connection.line()?;
            if line.starts_with("-ERR") {
                return None;
            }
            if line == "PONG" {
                return Some(connection);
            }
        }
    }

    /// The JSON answers to a request: until `most` have come, or silence.
    pub(super) fn ask(&mut self, subject: &str, body: &str, most: usize) -> Vec<Value> {
        let request = format!("SUB _INBOX.ask.1 1\r\nPUB {subject} _INBOX.ask.1 {}\r\n{body}\r\n", body.len());
        let mut answers = Vec::new();
        if self.send(&request).is_none() {
            return answers;
        }
        while answers.len() < most {
            match self.message() {
                Some(body) => answers.extend(serde_json::from_slice(&body)),
                None => break,
            }
        }
        answers
    }

    fn message(&mut self) -> Option<Vec<u8>> {
        loop {
            let line = self.line()?;
            if line == "PING" {
                self.send("PONG\r\n")?;
            }
            if line.starts_with("MSG ") {
                return self.body(&line, 0);
            }
            if line.starts_with("HMSG ") {
                let headers: usize = line.rsplit(' ').nth(1)?.parse().ok()?;
                return self.body(&line, headers);
            }
        }
    }

    /// The rest of a message after its line, less the headers.
    fn body(&mut self, line: &str, headers: usize) -> Option<Vec<u8>> {
        let mut body = vec![0; line.rsplit(' ').next()?.parse().ok()?];
        self.reader.read_exact(&mut body).ok()?;
        // The status line of a message that says "nobody answers".
        (!body.starts_with(b"NATS/1.0 503")).then(|| body.split_off(headers))
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(length) if length > 0 => Some(line.trim_end().to_owned()),
            _ => None,
        }
    }

    fn send(&mut self, text: &str) -> Option<()> {
        self.reader.get_mut().write_all(text.as_bytes()).ok()
    }
}
