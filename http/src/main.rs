//! Open Chat Widget's server: the one binary, `open-chat`. `main` only parses the command line; `startup` wires.

mod abandoned;
mod about;
mod admin;
mod app;
mod assistant;
mod audit;
mod backup;
mod bulk;
mod bundle;
mod chat;
mod chat_request;
mod client_address;
mod clock;
mod config;
mod dashboard;
mod drain;
mod envelope;
mod error;
mod health;
mod import;
mod json_body;
mod keys;
mod logging;
mod metrics;
mod ndjson;
mod openapi;
mod origin;
mod pages;
mod probe;
mod progress;
mod rate_limit;
mod rebuild;
mod retention;
mod routes;
mod seed;
mod sessions;
mod startup;
mod traces;
mod visitor;
mod widget;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Config;
use crate::traces::Traces;

/// The server of Open Chat Widget: an AI chat for any website, its events in a durable log.
///
/// Configured by environment variables, a `.env` file and an `open-chat.toml` in the working directory, in that order of
/// precedence. Without any it serves on http://localhost:4000 with a demo assistant.
#[derive(Parser)]
#[command(name = "open-chat", version, max_term_width = 100)]
struct Cli {
    /// Print the configuration as it takes effect, without secrets, and stop
    #[arg(long)]
    print_config: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the chat (the default)
    Serve,
    /// Print the configuration as it takes effect, without secrets
    Config,
    /// Ask the server at HOST and PORT whether it lives; exits with 1 if not. The health check of containers
    Health,
    Audit(audit::Arguments),
    /// Look after the read models, which the admin API and the dashboard answer from
    #[command(subcommand)]
    Projections(Projections),
    Backup(backup::Arguments),
    Restore(backup::RestoreArguments),
    /// Import conversations of another product
    #[command(subcommand)]
    Import(Import),
    Seed(seed::Arguments),
}

#[derive(Subcommand)]
enum Import {
    Convex(import::Convex),
}

#[derive(Subcommand)]
enum Projections {
    /// Build them anew from the event log, and put them in place whole; no server may run on them meanwhile
    Rebuild,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let command = cli.command.unwrap_or(Command::Serve);
    // The first three need a part of the configuration, whatever is wrong with the rest.
    let done = match command {
        Command::Health => return probe::run(),
        Command::Audit(arguments) => return actix_web::rt::System::new().block_on(audit::run(arguments)),
        Command::Backup(arguments) => actix_web::rt::System::new().block_on(backup::backup(arguments)),
        command => match Config::load(environment(), Path::new(".")) {
            Ok(config) if cli.print_config => {
                print!("{}", config.print());
                Ok(())
            }
            Ok(config) => perform(command, config),
            Err(error) => return fail(&error),
        },
    };
    done.map_or_else(|error| fail(&format_args!("{error:#}")), |()| ExitCode::SUCCESS)
}

fn perform(command: Command, config: Config) -> anyhow::Result<()> {
    let system = || actix_web::rt::System::new();
    match command {
        Command::Config => {
            print!("{}", config.print());
            Ok(())
        }
        Command::Projections(Projections::Rebuild) => system().block_on(rebuild::rebuild(config)),
        Command::Restore(arguments) => system().block_on(backup::restore(config, arguments)),
        Command::Import(Import::Convex(arguments)) => system().block_on(import::import_convex(config, arguments)),
        Command::Seed(arguments) => system().block_on(seed::seed(config, arguments)),
        Command::Serve | Command::Health | Command::Audit(_) | Command::Backup(_) => serve(config),
    }
}

fn serve(config: Config) -> anyhow::Result<()> {
    let traces = config.telemetry.traces.as_ref().map(Traces::start).transpose()?;
    logging::init(traces.as_ref());
    actix_web::rt::System::new().block_on(async {
        let served = startup::serve(config).await;
        if let Some(traces) = traces {
            traces.stop().await;
        }
        served
    })
}

/// A value that is not Unicode becomes one that its variable's check refuses by name.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
}

fn fail(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::FAILURE
}
