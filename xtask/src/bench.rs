//! `cargo xtask bench`: what is measured, each beside its floor in the same run.

use std::process::Command;

use anyhow::Result;

use crate::nats_server;
use crate::process::{cargo, relay};

/// Replays a log of `events` events on JetStream.
pub(crate) fn replay(events: u64) -> Result<()> {
    let mut bench: Command = cargo(&["bench", "--package", "chat-projections", "--bench", "replay"]);
    bench.env(nats_server::VARIABLE, nats_server::ensure()?).env("BENCH_EVENTS", events.to_string());
    relay(bench)
}
