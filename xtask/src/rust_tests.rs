//! The tests that cargo runs.

use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::{MetadataCommand, TargetKind};

use crate::process::cargo;
use crate::server;

/// Alone on the machine: it holds a rolling restart against the seconds that a deployment gives it.
pub(crate) const SOAK: &str = "soak";
/// The tests of the logs that are other programs.
const LOG_SERVERS: [&str; 2] = ["jetstream", "eventstore"];
/// Those of the server, on whichever log `TEST_EVENT_LOG` names.
const SERVER: &str = "it";
/// Modules of the server's tests that run on every log.
const ON_ANY_LOG: [&str; 7] =
    ["admin::", "contract::", "crash::", "retries::", "sessions::", "shutdown::", "streaming::"];
/// And those of several processes, but for the answers that are followed live, on the fake of `eventlog/fake-eventstore/`.
const ON_EVENTSTORE: [&str; 5] = [
    "replicas::",
    "--skip",
    "token_by_token",
    "--skip",
    "replicas::a_killed_process_has_its_turn_closed_within_six_seconds",
];

/// A command of cargo for the whole workspace, with the log on EventStoreDB: always the same, so that nothing is compiled twice.
pub(crate) fn workspace(command: &str, arguments: &[&str]) -> Command {
    cargo(&[&[command, "--workspace"], &server::EVENTSTORE[..], arguments].concat())
}

pub(crate) fn tests(arguments: &[&str]) -> Command {
    workspace("test", &[&["--no-fail-fast"], arguments].concat())
}

/// All tests but the soak, in two rows to run side by side that take about as long as each other.
pub(crate) fn rows() -> Result<[Vec<Command>; 2]> {
    let named = |targets: &[String]| {
        let arguments: Vec<_> = targets.iter().flat_map(|target| ["--test", target]).collect();
        arguments.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let (log_servers, others): (Vec<_>, Vec<_>) =
        integration_tests()?.into_iter().partition(|target| LOG_SERVERS.contains(&target.as_str()));
    let mut most = tests(&["--lib", "--bins"]);
    most.args(named(&others));
    let mut logs = tests(&[]);
    logs.args(named(&log_servers));
    Ok([
        vec![logs, server_tests_on("esdb", &[&ON_ANY_LOG[..], &ON_EVENTSTORE].concat())],
        vec![most, server_tests_on("nats", &ON_ANY_LOG)],
    ])
}

/// The names of the workspace's files of integration tests, but for the soak.
fn integration_tests() -> Result<Vec<String>> {
    let metadata = MetadataCommand::new().no_deps().exec().context("cargo does not tell which tests there are")?;
    let targets = metadata.packages.into_iter().flat_map(|package| package.targets);
    let tests = targets.filter(|target| target.is_kind(TargetKind::Test) && target.name != SOAK);
    Ok(tests.map(|target| target.name).collect())
}

/// What the server promises its callers does not depend on where its events are.
fn server_tests_on(log: &str, modules: &[&str]) -> Command {
    let mut command = tests(&["--test", SERVER, "--"]);
    command.args(modules).env("TEST_EVENT_LOG", log);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_tests_but_the_soak_runs_in_one_of_the_rows() {
        let mut named: Vec<String> =
            rows().unwrap().iter().flat_map(|row| arguments_after(&row[0], "--test")).collect();
        let mut expected = integration_tests().unwrap();
        named.sort();
        expected.sort();
        assert_eq!(named, expected);
        assert!(
            expected.iter().any(|name| name == SERVER)
                && LOG_SERVERS.iter().all(|log| expected.contains(&log.to_string()))
        );
    }

    fn arguments_after(command: &Command, option: &str) -> Vec<String> {
        let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
        arguments.windows(2).filter(|pair| pair[0] == option).map(|pair| pair[1].clone()).collect()
    }
}
