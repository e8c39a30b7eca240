//! `cargo xtask soak`: the faults of `http/tests/soak`, optimised, and for longer than a test run has time for.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::process::{cargo, relay, relay_tests};
use crate::steps::Steps;
use crate::tally::Tally;
use crate::{nats_server, nginx};

const FAULTS: &str = "http/tests/soak/faults.rs";
/// How a fault begins there.
const BEGIN: &str = "Fault { name: \"";
/// Seconds of load that a fault needs before and after it to be seen at all.
const LEAST: u64 = 2;

/// Shares `seconds` of load among the faults whose name contains `fault`.
pub(crate) fn soak(seconds: u64, fault: Option<&str>) -> Result<()> {
    let source = fs::read_to_string(FAULTS).with_context(|| format!("{FAULTS} cannot be read: restore it"))?;
    let fault = fault.unwrap_or_default();
    let chosen = choose(&names(&source), fault)?;
    let mut steps = Steps::new(3);
    let (nats_server, nginx) = steps.run("tools", || Ok((nats_server::ensure()?, nginx::ensure()?)))?;
    steps.run("build", || relay(soak_test(&["--no-run"])))?;
    let mut faults = soak_test(&["--", "--nocapture"]);
    faults
        .env(nats_server::VARIABLE, nats_server)
        .env("SOAK_SECONDS_PER_FAULT", (seconds / chosen).max(LEAST).to_string())
        .env("SOAK_FAULT", fault);
    if let Some(nginx) = nginx {
        faults.env(nginx::VARIABLE, nginx);
    }
    let mut tally = Tally::default();
    let result = steps.run("faults", || relay_tests(faults, &mut tally));
    println!("\n{}{tally}", steps.table());
    result
}

fn soak_test(more: &[&str]) -> Command {
    cargo(&[&["test", "--release", "--package", "chat-http", "--test", "soak"], more].concat())
}

/// How many faults are meant; a wrong name is told before the long build.
fn choose(names: &[&str], part: &str) -> Result<u64> {
    ensure!(!names.is_empty(), "{FAULTS} has no `{BEGIN}`: adapt xtask/src/soak.rs to how faults are written now");
    match names.iter().filter(|name| name.contains(part)).count() {
        0 => bail!("no fault's name contains `{part}`: name a part of one of these\n  {}", names.join("\n  ")),
        count => Ok(count as u64),
    }
}

fn names(source: &str) -> Vec<&str> {
    source.split(BEGIN).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_faults_are_found_by_a_part_of_their_name() {
        let source = "&[\n Fault { name: \"single: kill -9\", deploy: x },\n Fault { name: \"cluster: kill -9\", deploy: x },\n]";
        let names = names(source);
        assert_eq!(names, ["single: kill -9", "cluster: kill -9"]);
        assert_eq!(choose(&names, "").unwrap(), 2);
        assert_eq!(choose(&names, "single").unwrap(), 1);
        let refusal = choose(&names, "sinlge").unwrap_err().to_string();
        assert!(
            refusal.contains("`sinlge`") && refusal.ends_with("\n  single: kill -9\n  cluster: kill -9"),
            "{refusal}"
        );
    }

    #[test]
    fn the_faults_are_still_written_as_this_file_expects() {
        let source = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../http/tests/soak/faults.rs")).unwrap();
        assert_eq!(names(&source).len(), source.matches(", strike: ").count());
        assert!(choose(&names(&source), "").unwrap() > 1);
    }
}
