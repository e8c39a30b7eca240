//! Starting other programs: cargo, npm and what else a step needs.
//!
//! Their output is never changed or held back; a failure is one sentence that points at it.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::tally::Tally;

/// Cargo, as if called by hand: what `cargo run` told *this* process about its package would make build scripts that
/// watch those variables run again on every other call.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let told = name.to_string_lossy();
        if told.starts_with("CARGO_PKG_") || told.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command.args(args);
    command
}

/// npm in the widget's folder.
pub(crate) fn npm(args: &[&str]) -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.args(args).current_dir("widget");
    command
}

/// Runs `command` with this process's own input and output.
pub(crate) fn relay(mut command: Command) -> Result<()> {
    let status = command.status().with_context(|| not_started(&command))?;
    if !status.success() {
        bail!("{}", failed(&command));
    }
    Ok(())
}

/// Runs the test runner `command`, passes its output on as it comes and adds what its closing lines count.
///
/// A runner that counts nothing has not tested anything: that is a failure too.
pub(crate) fn relay_tests(command: Command, total: &mut Tally) -> Result<()> {
    relay_tests_to(&mut std::io::stdout().lock(), command, total)
}

pub(crate) fn relay_tests_to(shown_on: &mut impl Write, mut command: Command, total: &mut Tally) -> Result<()> {
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| not_started(&command))?;
    let output = child.stdout.take().context("the runner's output was not piped")?;
    count_tests(&command, child, output, shown_on, total)
}

/// As [`relay_tests`], but answers with all that the runner printed, its complaints at their place.
pub(crate) fn record_tests(mut command: Command, total: &mut Tally) -> (Vec<u8>, Result<()>) {
    let mut printed = Vec::new();
    let result = (|| {
        let (output, written) = std::io::pipe()?;
        command.stdout(written.try_clone()?).stderr(written);
        let child = command.spawn().with_context(|| not_started(&command))?;
        // Its ends of the pipe would keep the output from ending.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        count_tests(&command, child, output, &mut printed, total)
    })();
    (printed, result)
}

fn count_tests(
    command: &Command,
    mut child: Child,
    mut output: impl Read,
    shown_on: &mut impl Write,
    total: &mut Tally,
) -> Result<()> {
    let tally = count_through(&mut output, shown_on)?;
    let success = child.wait()?.success();
    *total += tally;
    if !success {
        bail!("{}", failed(command));
    }
    if tally.passed == 0 {
        bail!("`{}` passed without running a test: check that it finds its tests", shown(command));
    }
    Ok(())
}

fn count_through(from: &mut impl Read, to: &mut impl Write) -> Result<Tally> {
    let (mut tally, mut line, mut chunk) = (Tally::default(), Vec::new(), [0; 8192]);
    loop {
        let length = from.read(&mut chunk)?;
        if length == 0 {
            break;
        }
        to.write_all(&chunk[..length])?;
        to.flush()?;
        for &byte in &chunk[..length] {
            if byte == b'\n' {
                tally += Tally::of_line(&String::from_utf8_lossy(&line));
                line.clear();
            } else {
                line.push(byte);
            }
        }
    }
    Ok(tally + Tally::of_line(&String::from_utf8_lossy(&line)))
}

/// Whether `command` can be started and ends well; what it prints is dropped.
pub(crate) fn succeeds(mut command: Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// What `command` prints, if it can be started and ends well.
pub(crate) fn answer(mut command: Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What `command` prints, which must end well; its complaints pass through.
pub(crate) fn output(mut command: Command) -> Result<Vec<u8>> {
    let output = command.stderr(Stdio::inherit()).output().with_context(|| not_started(&command))?;
    if !output.status.success() {
        bail!("{}", failed(&command));
    }
    Ok(output.stdout)
}

/// The first file called `name` on PATH.
pub(crate) fn on_path(name: impl AsRef<OsStr>) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name.as_ref())).find(|file| file.is_file())
}

fn failed(command: &Command) -> String {
    let folder = command.get_current_dir().map_or_else(String::new, |folder| format!(" in {}", folder.display()));
    format!("`{}` failed{folder}: what it printed above says why", shown(command))
}

fn not_started(command: &Command) -> String {
    format!("`{}` cannot be started: is it installed and on PATH?", shown(command))
}

fn shown(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let name = program.file_stem().unwrap_or(command.get_program()).to_string_lossy().into_owned();
    command.get_args().fold(name, |line, argument| format!("{line} {}", argument.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runners_output_passes_through_unchanged_while_it_is_counted() {
        let printed = "test a ... ok\ntest result: ok. 2 passed; 0 failed; 1 ignored; 0 measured\n\u{2139} pass 3";
        let mut shown = Vec::new();
        let tally = count_through(&mut printed.as_bytes(), &mut shown).unwrap();
        assert_eq!(String::from_utf8(shown).unwrap(), printed);
        assert_eq!(tally, Tally { passed: 5, failed: 0, skipped: 1 });
    }

    #[cfg(unix)]
    fn run_tests(script: &str) -> (Tally, Result<()>) {
        let (mut total, mut runner) = (Tally::default(), Command::new("sh"));
        runner.args(["-c", script]);
        let result = relay_tests_to(&mut Vec::new(), runner, &mut total);
        (total, result)
    }

    #[test]
    #[cfg(unix)]
    fn a_recorded_runner_is_counted_and_its_complaints_stand_where_they_were_made() {
        let mut runner = Command::new("sh");
        runner.args(["-c", "echo '# pass 2'; echo wrong >&2; echo '# fail 1'; exit 1"]);
        let mut total = Tally::default();
        let (printed, result) = record_tests(runner, &mut total);
        assert_eq!(String::from_utf8(printed).unwrap(), "# pass 2\nwrong\n# fail 1\n");
        assert_eq!(total, Tally { passed: 2, failed: 1, skipped: 0 });
        assert!(result.unwrap_err().to_string().starts_with("`sh -c "));
    }

    #[test]
    #[cfg(unix)]
    fn a_failing_runner_fails_the_step_and_is_counted() {
        let (total, result) = run_tests("echo '# pass 2'; echo '# fail 1'; exit 1");
        assert_eq!(total, Tally { passed: 2, failed: 1, skipped: 0 });
        assert!(result.unwrap_err().to_string().starts_with("`sh -c "));
    }

    #[test]
    #[cfg(unix)]
    fn a_runner_that_finds_no_test_fails_the_step() {
        let (_, result) = run_tests("echo '# pass 0'");
        assert!(
            result.unwrap_err().to_string().ends_with("passed without running a test: check that it finds its tests")
        );
    }

    #[test]
    fn cargo_is_called_without_what_cargo_run_said_about_this_package() {
        let command = cargo(&["build"]);
        let removed = command.get_envs().any(|(name, value)| name == "CARGO_PKG_NAME" && value.is_none());
        assert!(removed, "CARGO_PKG_NAME is passed on");
    }

    #[test]
    fn a_failure_names_the_command_and_its_folder() {
        assert_eq!(failed(&npm(&["run", "check"])), "`npm run check` failed in widget: what it printed above says why");
    }
}
