//! Measures the server beside its floors and its own past: `cargo xtask bench` builds this and starts it. One program that is the
//! model, the null proxy and the visitors too, each as a process of its own.

mod bare_sqlite;
mod blocks;
mod clock;
mod goal;
mod idle_actors;
mod load;
mod model;
#[path = "../../eventlog/tests/support/nats/mod.rs"]
mod nats;
mod parts;
mod picture;
mod process;
mod proxy;
mod report;
mod script;
mod stand;
mod stats;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;

use crate::parts::{PARTS, Plan};
use crate::report::Report;
use crate::stand::Programs;

/// Measures `open-chat`
#[derive(Parser)]
enum Command {
    /// Be the scripted model
    Model,
    /// Be the null proxy
    Proxy {
        /// The model's address
        #[arg(long)]
        model: String,
    },
    /// Be visitors
    Load(load::Arguments),
    /// Keep actors idle
    IdleActors {
        /// How many
        #[arg(long)]
        actors: u64,
        /// Seconds until they leave
        #[arg(long)]
        rest: u64,
    },
    /// Measure
    Run(Run),
}

#[derive(clap::Args)]
struct Run {
    /// The server, `open-chat`
    #[arg(long)]
    server: PathBuf,
    /// An older one to compare it with
    #[arg(long)]
    baseline: Option<PathBuf>,
    /// Only these parts; the figures of the others stay as they were
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Only see that everything runs and counts
    #[arg(long)]
    quick: bool,
    /// Where table and pictures go
    #[arg(long)]
    out: PathBuf,
}

fn main() -> ExitCode {
    // As many connections as the system allows; with fewer the bench says what failed.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let done = match Command::parse() {
        Command::Model => actix::System::new().block_on(model::serve()),
        Command::Proxy { model } => actix::System::new().block_on(proxy::serve(model)),
        Command::Load(arguments) => actix::System::new().block_on(load::run(arguments)),
        Command::IdleActors { actors, rest } => {
            actix::System::new().block_on(idle_actors::run(actors, Duration::from_secs(rest)))
        }
        Command::Run(arguments) => run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Run) -> Result<()> {
    let found = |path: &Path| path.canonicalize().with_context(|| format!("{} is no program", path.display()));
    let baseline = arguments.baseline.as_deref().map(found).transpose()?;
    let programs = Programs { server: found(&arguments.server)?, baseline };
    let plan = Plan { quick: arguments.quick };
    // A quick run's numbers say nothing: they stay apart.
    let out = if plan.quick { arguments.out.join("quick") } else { arguments.out.clone() };
    let mut report = Report::read(&out);
    if let Some(unknown) = arguments.only.iter().find(|only| PARTS.iter().all(|(name, _)| name != only)) {
        let names: Vec<_> = PARTS.iter().map(|(name, _)| *name).collect();
        bail!("there is no part `{unknown}`: name some of {}", names.join(", "));
    }
    std::fs::create_dir_all(&out)?;
    for (name, part) in PARTS {
        if !arguments.only.is_empty() && !arguments.only.iter().any(|only| only == name) {
            continue;
        }
        let begin = Instant::now();
        let found = part(&programs, plan).with_context(|| format!("part `{name}`"))?;
        ensure!(found.counted > 0, "part `{name}` counted nothing");
        println!("{name}: {} counted in {:.1} s", found.counted, begin.elapsed().as_secs_f64());
        report.add(name, found);
        // After each part, so that one that fails costs no other its figures.
        report.write(&out)?;
    }
    picture::draw(&report, &out)?;
    if plan.quick {
        println!("everything runs and counts right; {} of a quick run tells nothing else", out.display());
        return Ok(());
    }
    println!("\n{}\n{}", report.goals(), report.others());
    Ok(())
}
