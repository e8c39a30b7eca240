//! How far a long command is: a bar where somebody looks, else lines now and then. All of it on standard error.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Between two words about it.
const TOLD: Duration = Duration::from_millis(500);
const BAR: usize = 30;

/// Tells how much of `total` is done.
pub(crate) struct Progress {
    unit: &'static str,
    /// `None`: nobody knows.
    total: Option<u64>,
    started: Instant,
    last: Instant,
    on_terminal: bool,
}

impl Progress {
    pub(crate) fn new(unit: &'static str, total: Option<u64>) -> Self {
        let now = Instant::now();
        Self { unit, total, started: now, last: now, on_terminal: io::stderr().is_terminal() }
    }

    /// Tells that so many units are done, with so many events, if it is time to.
    pub(crate) fn tell(&mut self, done: u64, events: u64) {
        if self.last.elapsed() < TOLD {
            return;
        }
        self.last = Instant::now();
        let line = line(self.unit, done, self.total, events, self.elapsed());
        // Whoever closed standard error does not want to know.
        let _ = match self.total {
            Some(total) if self.on_terminal => write!(io::stderr(), "\r{} {line}  ", bar(done, total)),
            None if self.on_terminal => write!(io::stderr(), "\r{line}  "),
            _ => writeln!(io::stderr(), "{line}"),
        };
    }

    /// Leaves the line of the bar. Returns the time since the beginning.
    pub(crate) fn end(&self) -> Duration {
        if self.on_terminal {
            let _ = writeln!(io::stderr());
        }
        self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

fn bar(done: u64, total: u64) -> String {
    let full = (BAR as u64 * done.min(total) / total.max(1)) as usize;
    format!("[{}{}]", "#".repeat(full), "-".repeat(BAR - full))
}

/// How far it is, how fast it goes, and how long it will still take at that.
fn line(unit: &str, done: u64, total: Option<u64>, events: u64, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64().max(0.001);
    let rate = events as f64 / seconds;
    let Some(total) = total else { return format!("{done} {unit}, {rate:.0} events/s") };
    let left = total.saturating_sub(done) as f64 * seconds / done.max(1) as f64;
    format!("{done} of {total} {unit}, {rate:.0} events/s, about {left:.0} s left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_tells_rate_and_remaining_time() {
        let line = |total| line("conversations", 250, total, 1500, Duration::from_secs(2));
        assert_eq!(line(Some(1000)), "250 of 1000 conversations, 750 events/s, about 6 s left");
        assert_eq!(line(None), "250 conversations, 750 events/s");
        assert_eq!(bar(500, 1000), format!("[{}{}]", "#".repeat(15), "-".repeat(15)));
        assert_eq!(bar(0, 0).len(), 32);
    }
}
