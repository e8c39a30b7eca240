//! The lines of a streamed answer, ours or the model's, read no closer than has to be.

use crate::clock::now_us;

/// How a server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Protocol {
    /// `POST /chat`, answered with lines of JSON.
    Ours,
    /// `POST /v1/chat/completions`, answered with server-sent events.
    Model,
}

impl Protocol {
    /// What stands before a token's text.
    fn token(self) -> &'static str {
        match self {
            Self::Ours => r#"{"type":"token","token":""#,
            Self::Model => r#""delta":{"content":""#,
        }
    }

    fn is_end(self, line: &str) -> bool {
        match self {
            Self::Ours => line.starts_with(r#"{"type":"done""#),
            Self::Model => line == "data: [DONE]",
        }
    }
}

/// What one answer brought so far.
#[derive(Debug, Default)]
pub(super) struct Lines {
    begun: Vec<u8>,
    pub(super) tokens: u64,
    pub(super) ended: bool,
    /// A line that tells of a failure.
    pub(super) failure: Option<String>,
    last: Option<Arrival>,
    pub(super) added_gap_ms: Vec<f64>,
}

/// When a token left the model, and when it was here, in microseconds.
#[derive(Debug, Clone, Copy)]
struct Arrival {
    sent: u64,
    came: u64,
}

impl Lines {
    /// Takes bytes as they come.
    pub(super) fn take(&mut self, protocol: Protocol, bytes: &[u8]) {
        let came = now_us();
        self.begun.extend_from_slice(bytes);
        let begun = std::mem::take(&mut self.begun);
        let end = begun.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        for line in String::from_utf8_lossy(&begun[..end]).lines() {
            self.line(protocol, line, came);
        }
        self.begun.extend_from_slice(&begun[end..]);
    }

    fn line(&mut self, protocol: Protocol, line: &str, came: u64) {
        if let Some(at) = line.find(protocol.token()) {
            self.tokens += 1;
            self.token(&line[at + protocol.token().len()..], came);
        } else if protocol.is_end(line) {
            self.ended = true;
        } else if line.contains(r#""error""#) {
            self.failure.get_or_insert_with(|| line.to_owned());
        }
    }

    /// A token that tells when it was sent: `t1755600000000000 `.
    fn token(&mut self, text: &str, came: u64) {
        let Some(digits) = text.strip_prefix('t') else { return };
        let Ok(sent) = digits.split(' ').next().unwrap_or_default().parse() else { return };
        let now = Arrival { sent, came };
        if let Some(last) = self.last.replace(now) {
            let added = (now.came as f64 - last.came as f64) - (now.sent as f64 - last.sent as f64);
            self.added_gap_ms.push(added / 1000.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_the_end_are_counted_wherever_the_bytes_are_split() {
        let ours = "{\"type\":\"start\"}\n{\"type\":\"token\",\"token\":\"t1000 \"}\n{\"type\":\"token\",\"token\":\"t2000 \"}\n\
                    {\"type\":\"done\",\"message\":\"\"}\n";
        for size in 1..ours.len() {
            let mut lines = Lines::default();
            ours.as_bytes().chunks(size).for_each(|bytes| lines.take(Protocol::Ours, bytes));
            assert_eq!(
                (lines.tokens, lines.ended, lines.failure.is_none(), lines.added_gap_ms.len()),
                (2, true, true, 1)
            );
        }
    }

    #[test]
    fn the_models_own_words_are_understood_too() {
        let mut lines = Lines::default();
        lines.take(Protocol::Model, b"data: {\"choices\":[{\"delta\":{\"content\":\"word0 \"}}]}\n\ndata: [DONE]\n\n");
        assert_eq!((lines.tokens, lines.ended), (1, true));
    }

    #[test]
    fn a_line_that_tells_of_a_failure_is_kept() {
        let mut lines = Lines::default();
        lines.take(Protocol::Ours, b"{\"type\":\"error\",\"error\":\"Internal server error\"}\n");
        assert!(lines.failure.is_some() && !lines.ended);
    }
}
