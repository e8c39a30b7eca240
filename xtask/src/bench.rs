//! `cargo xtask bench`: what is measured, each beside its floor or its smallest size in the same run.

use std::process::Command;

use anyhow::Result;
use clap::Subcommand;

use crate::nats_server;
use crate::process::{cargo, relay};

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
    /// Rebuild read models from an embedded log beside a bare insert of the same rows and full-text index, in turn
    ///
    /// Prints both times of each round and their ratio, with its spread; then how soon models are live after a restart.
    Rebuild {
        /// Conversations in the log
        #[arg(long, default_value_t = 40_000)]
        conversations: u64,
    },
}

/// Runs one of them.
pub(crate) fn bench(bench: &Bench) -> Result<()> {
    match bench {
        Bench::Replay { events } => {
            let mut replay = projections("replay");
            replay.env(nats_server::VARIABLE, nats_server::ensure()?).env("BENCH_EVENTS", events.to_string());
            relay(replay)
        }
        Bench::Reads { conversations } => sized("scale", *conversations),
        Bench::Rebuild { conversations } => sized("rebuild", *conversations),
    }
}

fn sized(name: &str, conversations: u64) -> Result<()> {
    let mut bench = projections(name);
    bench.env("BENCH_CONVERSATIONS", conversations.to_string());
    relay(bench)
}

fn projections(name: &str) -> Command {
    cargo(&["bench", "--package", "chat-projections", "--bench", name])
}
