//! Every developer command: `cargo xtask --help` lists them, each lives in the file of its name.
//!
//! This is where a newcomer meets the project first: an error is one sentence that ends in its remedy.

mod build;
mod chromium;
mod deny;
mod node;
mod port;
mod precompress;
mod process;
mod run;
mod server;
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
    Build,
    /// Install what the tests need (a browser, the wasm target) and run all of them
    ///
    /// Stops at the first failing step; ends with every step's time and the number of tests. Chromium is taken from
    /// CHROMIUM or PATH; without one, root on Debian or Ubuntu gets it from apt.
    Test,
    /// What CI runs: the same as `test`
    Ci,
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
        Task::Build => build::build(),
        Task::Test | Task::Ci => test::test(),
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
