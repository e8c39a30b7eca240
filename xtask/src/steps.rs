//! Numbered steps with the time each took, so that a long command shows where it is.

use std::time::{Duration, Instant};

use anyhow::Result;

/// The steps of one command.
pub(crate) struct Steps {
    total: usize,
    ended: Vec<(&'static str, Duration)>,
}

impl Steps {
    pub(crate) fn new(total: usize) -> Self {
        Self { total, ended: Vec::new() }
    }

    /// Says that a step begins, for one that does not come back.
    pub(crate) fn begin(&self, name: &str) {
        println!("[{}/{}] {name}", self.ended.len() + 1, self.total);
    }

    /// Does `work` as the next step.
    pub(crate) fn run<T>(&mut self, name: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.begin(name);
        let started = Instant::now();
        let result = work();
        let elapsed = started.elapsed();
        self.ended.push((name, elapsed));
        let outcome = if result.is_ok() { "" } else { "FAILED after " };
        println!("[{}/{}] {name} … {outcome}{}", self.ended.len(), self.total, seconds(elapsed));
        result
    }

    /// One line a step, the longest times easy to find.
    pub(crate) fn table(&self) -> String {
        let whole = self.ended.iter().map(|(_, elapsed)| *elapsed).sum();
        let lines = || self.ended.iter().copied().chain([("together", whole)]);
        let width = lines().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        lines().map(|(name, elapsed)| format!("  {name:<width$}  {:>8}\n", seconds(elapsed))).collect()
    }
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.1} s", elapsed.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn the_table_has_every_step_that_ran_the_failing_one_included() {
        let mut steps = Steps::new(3);
        steps.run("widget build", || Ok(())).unwrap();
        let failed: Result<()> = steps.run("tests", || bail!("no"));
        assert!(failed.is_err());
        steps.ended[0].1 = Duration::from_millis(4_140);
        steps.ended[1].1 = Duration::from_millis(95_960);
        let expected = "  widget build     4.1 s\n  tests           96.0 s\n  together       100.1 s\n";
        assert_eq!(steps.table(), expected);
    }
}
