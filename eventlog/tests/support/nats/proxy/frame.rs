//! The frames of the NATS protocol: a line, and after some verbs a body.

use std::io::BufRead;

pub(super) struct Frame {
    line: String,
    body: Vec<u8>,
}

impl Frame {
    /// The next frame; `None` at the end of the connection.
    pub(super) fn read(reader: &mut impl BufRead) -> Option<Self> {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let mut frame = Self { line, body: Vec::new() };
        if matches!(frame.verb(), "PUB" | "HPUB" | "MSG" | "HMSG") {
            let length: usize = frame.words().last()?.parse().ok()?;
            // The body has a line end of its own.
            frame.body = vec![0; length + 2];
            reader.read_exact(&mut frame.body).ok()?;
        }
        Some(frame)
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        [self.line.as_bytes(), &self.body].concat()
    }

    pub(super) fn verb(&self) -> &str {
        self.words().next().unwrap_or("")
    }

    /// The words after the verb.
    pub(super) fn arguments(&self) -> Vec<&str> {
        self.words().skip(1).collect()
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        self.line.split_ascii_whitespace()
    }
}
