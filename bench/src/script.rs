//! What the scripted model is asked for. It stands in the visitor's message, so that it passes through every server unchanged.

use std::fmt;
use std::time::Duration;

/// How the script begins in a message.
const BEGIN: &str = "bench ";

/// An answer of the scripted model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Script {
    /// Before the first token.
    pub(crate) delay: Duration,
    pub(crate) tokens: u32,
    /// Between two tokens; zero: all at once.
    pub(crate) gap: Duration,
}

impl Script {
    /// All tokens at once, after `delay_ms`.
    pub(crate) fn at_once(tokens: u32, delay_ms: u64) -> Self {
        Self { delay: Duration::from_millis(delay_ms), tokens, gap: Duration::ZERO }
    }

    /// The last script in a request's body.
    pub(crate) fn find(body: &[u8]) -> Option<Self> {
        let body = std::str::from_utf8(body).ok()?;
        let text = &body[body.rfind(BEGIN)? + BEGIN.len()..];
        let mut numbers = text.split(|letter: char| !letter.is_ascii_digit()).filter(|digits| !digits.is_empty());
        let mut next = || numbers.next()?.parse::<u32>().ok();
        let (delay, tokens, gap) = (next()?, next()?, next()?);
        let milliseconds = |number: u32| Duration::from_millis(number.into());
        Some(Self { delay: milliseconds(delay), tokens, gap: milliseconds(gap) })
    }

    /// Time the answer takes at the model.
    pub(crate) fn ideal(&self) -> Duration {
        self.delay + self.gap * self.tokens.saturating_sub(1)
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { delay, tokens, gap } = self;
        write!(f, "{BEGIN}delay_ms={} tokens={tokens} gap_ms={}", delay.as_millis(), gap.as_millis())
    }
}

impl std::str::FromStr for Script {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::find(text.as_bytes()).ok_or_else(|| format!("is no script such as `{}`", Self::at_once(50, 20)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_script_of_a_conversation_counts() {
        let script = Script { delay: Duration::from_millis(20), tokens: 50, gap: Duration::from_millis(5) };
        let body = format!(r#"[{{"content":"{}"}},{{"content":"{script}"}}]"#, Script::at_once(1, 1));
        assert_eq!(Script::find(body.as_bytes()), Some(script));
        assert_eq!(Script::find(b"hello"), None);
    }
}
