//! Turns found values into typed ones, notes every problem instead of stopping at the first, remembers what to show.
//!
//! Architecture invariant: the value of a secret goes out through [`Reader::secret`] only, never into a text.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;

use super::sources::{Source, Sources};
use super::variables::is_secret;

/// Longest part of a refused value that an error repeats.
const SHOWN_CHARS: usize = 60;

/// One variable as it took effect.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    /// Never a secret.
    pub(super) value: String,
    pub(super) source: Source,
}

/// Reads one variable after the other.
pub(super) struct Reader<'s> {
    sources: &'s Sources,
    pub(super) problems: Vec<String>,
    pub(super) warnings: Vec<String>,
    pub(super) settings: Vec<Setting>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(sources: &'s Sources, problems: Vec<String>) -> Self {
        Self { sources, problems, warnings: Vec::new(), settings: Vec::new() }
    }

    /// What was given for a variable that is no secret.
    pub(super) fn text(&self, name: &str) -> Option<&'s str> {
        debug_assert!(!is_secret(name), "{name} is read by Reader::secret");
        self.sources.find(name).map(|(text, _)| text)
    }

    /// What was given for a secret, and remembers whether it was.
    pub(super) fn secret(&mut self, name: &'static str, default: Option<&str>) -> Option<SecretString> {
        debug_assert!(is_secret(name), "{name} is no secret");
        let given = self.sources.find(name).map(|(text, _)| text).or(default);
        self.show(name, if given.is_some() { "(set)" } else { "(not set)" });
        given.map(SecretString::from)
    }

    /// What was given, as `parse` understands it. `None` when nothing was given, or a problem was noted: `parse` says
    /// what is wrong and what is accepted.
    pub(super) fn parsed<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        parse(self.text(name)?).map_err(|what| self.problem(name, &what)).ok()
    }

    /// A number within a range.
    pub(super) fn number<T>(&mut self, name: &'static str, default: T, range: RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + Display + Copy,
    {
        let number = self.parsed(name, |text| {
            let number = text.parse().ok().filter(|number| range.contains(number));
            let (least, most) = (range.start(), range.end());
            number.ok_or_else(|| format!("{} is not a whole number from {least} to {most}", quoted(text)))
        });
        let number = number.unwrap_or(default);
        self.show(name, number);
        number
    }

    /// A length of time, given in milliseconds; never zero.
    pub(super) fn milliseconds(&mut self, name: &'static str, default: u64, most: u64) -> Duration {
        Duration::from_millis(self.number(name, default, 1..=most))
    }

    /// Notes a problem, with where the value is from.
    pub(super) fn problem(&mut self, name: &str, what: &str) {
        let from = self.sources.find(name).map_or_else(String::new, |(_, source)| format!(" (from {source})"));
        self.problems.push(format!("{name}: {what}{from}"));
    }

    /// Notes that a required variable is missing, and why it is required.
    pub(super) fn missing(&mut self, name: &str, why: &str) {
        let what = if self.sources.mentions(name) { "is empty" } else { "is not set" };
        self.problems.push(format!("{name}: {what}; {why}"));
    }

    /// Notes what the log should say at start; a whole sentence.
    pub(super) fn warn(&mut self, sentence: impl Into<String>) {
        self.warnings.push(sentence.into());
    }

    /// Remembers a value as it took effect.
    pub(super) fn show(&mut self, name: &'static str, value: impl Display) {
        let source = self.sources.find(name).map_or(Source::Default, |(_, source)| source);
        self.show_from(name, value, source);
    }

    /// Remembers a value that was found under another name.
    pub(super) fn show_from(&mut self, name: &'static str, value: impl Display, source: Source) {
        self.settings.push(Setting { name, value: value.to_string(), source });
    }

    /// All sources, for a variable with rules of its own.
    pub(super) fn sources(&self) -> &'s Sources {
        self.sources
    }
}

/// A refused value for an error text: in quotes, on one line, cut when long.
pub(super) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_CHARS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}

/// The entries of a comma list, trimmed; empty ones do not count.
pub(super) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty())
}
