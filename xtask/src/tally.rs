//! How many tests ran, read from the closing lines of the runners: libtest's, and node's in both of its formats.

use std::fmt;
use std::ops::{Add, AddAssign};

/// Numbers of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Tally {
    /// What one line of a runner's output counts: nothing, unless it is a closing line.
    pub(crate) fn of_line(line: &str) -> Self {
        let line = without_colours(line);
        if let Some(result) = line.strip_prefix("test result: ") {
            return Self::of_libtest(result);
        }
        // TAP writes `# pass 3`, the spec reporter `ℹ pass 3`.
        let Some(summary) = line.strip_prefix("# ").or_else(|| line.strip_prefix("\u{2139} ")) else {
            return Self::default();
        };
        let Some((Ok(count), what)) = summary.rsplit_once(' ').map(|(what, count)| (count.trim().parse(), what)) else {
            return Self::default();
        };
        Self::default().with(what, count)
    }

    /// `ok. 3 passed; 0 failed; 1 ignored; 0 measured; …`
    fn of_libtest(result: &str) -> Self {
        let counts = result.split_once(". ").map_or("", |(_, counts)| counts);
        counts
            .split(';')
            .filter_map(|part| part.trim().split_once(' '))
            .filter_map(|(count, what)| Some((what, count.parse().ok()?)))
            .fold(Self::default(), |tally, (what, count)| tally.with(what, count))
    }

    fn with(mut self, what: &str, count: u64) -> Self {
        match what {
            "pass" | "passed" => self.passed += count,
            "fail" | "failed" | "cancelled" => self.failed += count,
            "skipped" | "todo" | "ignored" => self.skipped += count,
            _ => {}
        }
        self
    }
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 { write!(out, ", {} skipped", self.skipped) } else { Ok(()) }
    }
}

fn without_colours(line: &str) -> String {
    let mut parts = line.trim_end().split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').map_or("", |(_, text)| text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: u64, failed: u64, skipped: u64) -> Tally {
        Tally { passed, failed, skipped }
    }

    #[test]
    fn libtests_closing_line_is_counted_whether_it_passed_or_failed() {
        let passed = "test result: ok. 12 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        assert_eq!(Tally::of_line(passed), tally(12, 0, 2));
        assert_eq!(Tally::of_line("test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured"), tally(3, 1, 0));
    }

    #[test]
    fn nodes_closing_lines_are_counted_in_both_formats_and_in_colour() {
        assert_eq!(Tally::of_line("# pass 9"), tally(9, 0, 0));
        assert_eq!(Tally::of_line("\u{2139} fail 1"), tally(0, 1, 0));
        assert_eq!(Tally::of_line("\u{1b}[34m\u{2139} pass 7\u{1b}[39m\r"), tally(7, 0, 0));
        assert_eq!(Tally::of_line("# cancelled 2"), tally(0, 2, 0));
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in ["test reads_a_line ... ok", "# Subtest: pass 3 cards", "# tests 4", "# duration_ms 81.2", ""] {
            assert_eq!(Tally::of_line(line), Tally::default(), "{line}");
        }
    }

    #[test]
    fn skipped_tests_are_never_passed_over_in_silence() {
        assert_eq!(tally(2, 0, 0).to_string(), "2 passed, 0 failed");
        assert_eq!((tally(2, 0, 0) + tally(0, 1, 3)).to_string(), "2 passed, 1 failed, 3 skipped");
    }
}
