//! The command line of `open-chat audit`.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use chat_schema::ExportFormat;
use clap::{Args, Subcommand, ValueEnum};

use super::selection::Selection;
use super::{export, replay, source, verify};

/// What is wrong with the log, or only with the call: scripts tell them apart.
const FAULT: u8 = 1;
const FAILURE: u8 = 2;

/// Read an event log for audit. Never writes to it, works while a server uses it, and on a copy of its directory
#[derive(Args)]
pub(crate) struct Arguments {
    /// The log, as EVENT_LOG has it: embedded:<directory> or nats://host[:port]. Without it, the one that is configured
    #[arg(long, global = true, value_name = "ADDRESS")]
    log: Option<String>,
    #[command(subcommand)]
    question: Question,
}

#[derive(Subcommand)]
enum Question {
    /// Print events as they are stored, in the order of the log
    Replay {
        #[command(flatten)]
        selection: Selection,
        /// One JSON object a line: position, hash, whether it is verified, and the stored bytes
        #[arg(long)]
        ndjson: bool,
        /// Go on with what is stored from now on, until interrupted
        #[arg(long)]
        follow: bool,
    },
    /// Check every hash chain: nothing was changed, dropped or moved. Exits with 1 if something was
    Verify {
        /// Check up to this position only
        #[arg(long, value_name = "POSITION")]
        to_position: Option<u64>,
        /// Also write the heads of all chains to this file, to be kept where the log's keeper cannot write
        #[arg(long, value_name = "FILE")]
        write_heads: Option<PathBuf>,
        /// Also check that the heads in this file, kept from an earlier time, are in the log or erased
        #[arg(long, value_name = "FILE")]
        heads: Option<PathBuf>,
    },
    /// Write what was said as a table or as JSON, one event a line
    Export {
        #[command(flatten)]
        selection: Selection,
        #[arg(long, value_enum, default_value_t = Format::Ndjson)]
        format: Format,
        /// Write to this file, which must not exist yet, instead of standard output
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Ndjson,
    Csv,
}

impl From<Format> for ExportFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Ndjson => Self::Ndjson,
            Format::Csv => Self::Csv,
        }
    }
}

/// Carries out what was asked; the exit code tells whether the log is whole.
pub(crate) async fn run(arguments: Arguments) -> ExitCode {
    match answer(arguments).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(FAULT),
        // Who read the output has read enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(FAILURE)
        }
    }
}

async fn answer(Arguments { log, question }: Arguments) -> anyhow::Result<bool> {
    let archive = source::open(log).await?;
    for note in archive.notes() {
        eprintln!("note: {note}");
    }
    match question {
        Question::Replay { selection, ndjson, follow } => replay::replay(&*archive, &selection, ndjson, follow).await,
        Question::Verify { to_position, write_heads, heads } => {
            verify::verify(&*archive, to_position, heads.as_deref(), write_heads.as_deref()).await
        }
        Question::Export { selection, format, output } => {
            export::export(&*archive, &selection, format.into(), output.as_deref()).await.map(|()| true)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe))
}
