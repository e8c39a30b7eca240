//! `open-chat backup` and `open-chat restore`: a whole log as a file, and back, byte for byte, from any kind of log into any other.
//!
//! Architecture invariant: a file that is not whole is never left under the name of a backup, and nothing of one is ever restored.

mod lines;
mod reading;
mod restore;
mod target;
mod write;

use std::path::PathBuf;

use anyhow::bail;

use self::lines::Last;
use self::target::Target;
use crate::audit;

pub(crate) use restore::{RestoreArguments, restore};

/// Write the whole event log to a file, while servers use it
///
/// One JSON object a line: what the file is, every event as it is stored with its hash, and what the log held. All hash chains are
/// checked on the way; of a log that is not whole no backup is made. The file holds every message: only its owner may read it, and
/// keeping it safe, and deleting it in time, is up to you.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The log, as EVENT_LOG has it: embedded:<directory> or nats://host[:port]. Without it, the one that is configured
    #[arg(long, value_name = "ADDRESS")]
    log: Option<String>,
    /// In a directory, delete all but the newest N backups once this one is whole
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    keep: Option<u16>,
    /// The file, which must not exist yet; a directory, for a file named by the time; or - for standard output
    #[arg(value_name = "FILE")]
    target: PathBuf,
}

/// Writes the backup and says what is in it.
pub(crate) async fn backup(Arguments { log, keep, target }: Arguments) -> anyhow::Result<()> {
    if keep.is_some() && !target.is_dir() {
        bail!("--keep: {} is not a directory, and only in one are older backups looked for", target.display());
    }
    let target = Target::of(&target)?;
    let archive = audit::open_log(log).await?;
    for note in archive.notes() {
        eprintln!("note: {note}");
    }
    let mut output = target.create()?;
    let last = write::write(&*archive, &mut output).await?;
    output.finish()?;
    match &target {
        // Standard output is the backup.
        Target::StandardOutput => eprintln!("{}", told(&last)),
        Target::File(file) => println!("{}: {}", file.display(), told(&last)),
    }
    keep.map_or(Ok(()), |keep| target.keep_newest(keep))
}

/// As `audit verify` tells the heads, so that the two can be held side by side.
fn told(Last { events, position, conversations, digest }: &Last) -> String {
    format!("{events} events up to position {position}, {conversations} chains, digest {digest}")
}
