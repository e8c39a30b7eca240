//! `cargo xtask bench`: what is measured, each beside its floor or its smallest size in the same run.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::process::{cargo, relay};
use crate::{chromium, nats_server, server, widget};

/// Where the table goes, as JSON, and its pictures.
const OUT: &str = "target/bench";
const BUILD: &[&str] = &["build", "--package", "chat-bench", "--message-format", "json-render-diagnostics"];

/// What to measure: everything, or one of the commands below
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    bench: Option<Bench>,
    #[command(flatten)]
    goals: Goals,
}

/// What of the goals is measured.
#[derive(Args)]
pub(crate) struct Goals {
    /// Only these parts, the figures of the others stay as they were: first-token, turns, streams, capacity, append, idle, read-models, start, growth, pod
    #[arg(long, value_name = "PARTS")]
    only: Option<String>,
    /// An older `open-chat`, which is measured beside the one of today
    #[arg(long, value_name = "PROGRAM")]
    baseline: Option<PathBuf>,
    /// Only see that everything runs and what it counts, in seconds
    #[arg(long)]
    quick: bool,
}

/// What to measure.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Replay a log on JetStream into read models, beside `subscribe` alone and a bare consumer in the same run
    ///
    /// Prints the rates of each round and the ratios to the bare consumer, with their spread.
    Replay {
        /// Events in the log
        #[arg(long, default_value_t = 1_000_000)]
        events: u64,
    },
    /// Read lists, searches, threads and statistics at 1,000, 100,000 and 1,000,000 conversations in turn
    ///
    /// Prints a table of each read at each size: median, 99th percentile, and the median beside that of the smallest size.
    Reads {
        /// The most conversations; a million take minutes and 2 GB in BENCH_DIR, else in the temporary directory
        #[arg(long, default_value_t = 1_000_000)]
        conversations: u64,
    },
    /// Rebuild read models from either log beside a bare insert of the same rows and full-text index, in turn
    ///
    /// Prints the times of each round and their ratios, with their spread; then how soon models are live after a restart.
    Rebuild {
        /// Conversations in the log
        #[arg(long, default_value_t = 40_000)]
        conversations: u64,
    },
    /// Scroll the dashboard's list in Chromium over many conversations and over 1,000 in turn
    ///
    /// Prints how long frames took, at 360 and at 1440 pixels.
    Scroll {
        /// Conversations; a million take minutes and 5 GB in BENCH_DIR, else in the temporary directory
        #[arg(long, default_value_t = 1_000_000)]
        conversations: u64,
    },
    /// Measure single steps: folding, encoding, hashing, framing, parsing, gathering what the model is shown
    Micro,
}

/// Runs one of them, or measures the goals.
pub(crate) fn bench(Arguments { bench, goals }: &Arguments) -> Result<()> {
    match bench {
        None => measure(goals),
        Some(bench) => run(bench),
    }
}

fn measure(goals: &Goals) -> Result<()> {
    let nats_server = nats_server::ensure()?;
    let (server, bench) = (server::build_release(false)?, build(true)?);
    let mut command = start(&bench, &server, &nats_server);
    command.args(goals.only.iter().flat_map(|only| ["--only", only.as_str()]));
    command.args(goals.quick.then_some("--quick"));
    if let Some(baseline) = &goals.baseline {
        command.arg("--baseline").arg(baseline);
    }
    relay(command)
}

/// Sees that everything runs, and that what it counts is right; with programs that are not optimised, since no time is looked at.
pub(crate) fn smoke(server: &Path, nats_server: &Path) -> Result<()> {
    let mut command = start(&build(false)?, server, nats_server);
    command.arg("--quick");
    relay(command)
}

fn build(optimised: bool) -> Result<PathBuf> {
    let mut cargo = cargo(BUILD);
    cargo.args(optimised.then_some("--release"));
    server::artifact(cargo, "the bench")
}

fn start(bench: &Path, server: &Path, nats_server: &Path) -> Command {
    let mut command = Command::new(bench);
    command.args(["run", "--out", OUT, "--server"]).arg(server).env(nats_server::VARIABLE, nats_server);
    command
}

fn run(bench: &Bench) -> Result<()> {
    match bench {
        Bench::Replay { events } => {
            let mut replay = projections("replay");
            replay.env(nats_server::VARIABLE, nats_server::ensure()?).env("BENCH_EVENTS", events.to_string());
            relay(replay)
        }
        Bench::Reads { conversations } => relay(sized("scale", *conversations)),
        Bench::Rebuild { conversations } => {
            let mut rebuild = sized("rebuild", *conversations);
            rebuild.env(nats_server::VARIABLE, nats_server::ensure()?);
            relay(rebuild)
        }
        Bench::Scroll { conversations } => scroll(*conversations),
        Bench::Micro => {
            relay(cargo(&["bench", "--package", "chat-schema", "--bench", "encoding"]))?;
            relay(cargo(&["bench", "--package", "chat-actors", "--bench", "turns", "--features", "bench"]))
        }
    }
}

fn scroll(conversations: u64) -> Result<()> {
    widget::install()?;
    let chromium = chromium::ensure()?;
    let mut scroll = Command::new("node");
    scroll.arg("dashboard/e2e/scroll.mjs");
    scroll.env("CHROMIUM", chromium).env("OPEN_CHAT_BIN", server::build_release(false)?);
    scroll.env("BENCH_CONVERSATIONS", conversations.to_string());
    relay(scroll)
}

fn sized(name: &str, conversations: u64) -> Command {
    let mut bench = projections(name);
    bench.env("BENCH_CONVERSATIONS", conversations.to_string());
    bench
}

fn projections(name: &str) -> Command {
    cargo(&["bench", "--package", "chat-projections", "--bench", name])
}
