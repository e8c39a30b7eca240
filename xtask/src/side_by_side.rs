//! Test runners in two rows side by side: most tests wait, for a server, a deadline or a disk.

use std::io::Write;
use std::process::Command;

use anyhow::Result;

use crate::process::{record_tests, relay_tests_to};
use crate::tally::Tally;

/// Runs both rows at once, each to its end. What `shown` prints passes on as it comes, and `beside`'s output follows.
pub(crate) fn run(beside: Vec<Command>, shown: Vec<Command>, total: &mut Tally) -> Result<()> {
    run_on(&mut std::io::stdout().lock(), beside, shown, total)
}

fn run_on(shown_on: &mut impl Write, beside: Vec<Command>, shown: Vec<Command>, total: &mut Tally) -> Result<()> {
    let (recorded, relayed) = std::thread::scope(|scope| {
        let recording = scope.spawn(|| {
            let mut tally = Tally::default();
            let recorded: Vec<_> = beside.into_iter().map(|tests| record_tests(tests, &mut tally)).collect();
            (recorded, tally)
        });
        let relayed: Vec<_> = shown.into_iter().map(|tests| relay_tests_to(shown_on, tests, total)).collect();
        (recording.join(), relayed)
    });
    let (recorded, tally) = recorded.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    *total += tally;
    let recorded = recorded.into_iter().map(|(printed, result)| {
        shown_on.write_all(&printed)?;
        result
    });
    // Each is looked at before the first failure is told.
    let results: Vec<_> = relayed.into_iter().chain(recorded).collect();
    results.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prints(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    #[cfg(unix)]
    fn both_rows_run_to_their_end_and_a_failure_of_either_is_told() {
        let (passes, fails) = ("echo '# pass 2'", "echo '# fail 1'; exit 1");
        for (beside, shown) in [([fails, passes], [passes, passes]), ([passes, passes], [fails, passes])] {
            let mut total = Tally::default();
            let mut printed = Vec::new();
            let result = run_on(&mut printed, beside.map(prints).into(), shown.map(prints).into(), &mut total);
            assert!(result.unwrap_err().to_string().contains("failed"));
            assert_eq!(String::from_utf8(printed).unwrap().lines().count(), 4);
            assert_eq!(total, Tally { passed: 6, failed: 1, skipped: 0 });
        }
    }
}
