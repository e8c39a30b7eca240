//! Where a backup goes. A file has its name only once all of it is on the disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::audit::time_text;
use crate::clock::now;

/// Names in a directory: between the two stands a time, so that the order of names is that of times.
const BEGINS: &str = "open-chat-";
const ENDS: &str = ".ndjson";
/// Only the owner may read what visitors said.
const MODE: u32 = 0o600;

/// Where it is to be written.
#[derive(Debug)]
pub(super) enum Target {
    StandardOutput,
    File(PathBuf),
}

/// What it is written to.
pub(super) enum Output {
    StandardOutput(BufWriter<io::StdoutLock<'static>>),
    File { file: BufWriter<File>, partial: Partial, whole: PathBuf },
}

/// The name of a file until it is whole. What did not become whole goes, since the disk may be full of it.
pub(super) struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // A whole one has another name by now.
        let _ = fs::remove_file(&self.0);
    }
}

impl Target {
    pub(super) fn of(path: &Path) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::StandardOutput);
        }
        let file = if path.is_dir() { path.join(name(now())) } else { path.to_owned() };
        if file.exists() {
            bail!("{} exists: choose another file", file.display());
        }
        Ok(Self::File(file))
    }

    pub(super) fn create(&self) -> anyhow::Result<Output> {
        let Self::File(whole) = self else {
            return Ok(Output::StandardOutput(BufWriter::new(io::stdout().lock())));
        };
        let mut partial = whole.as_os_str().to_owned();
        partial.push(".partial");
        let partial = Partial(partial.into());
        // One that was left by a crash is of no use.
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(MODE).open(&partial.0);
        let file = BufWriter::new(file.with_context(|| partial.0.display().to_string())?);
        Ok(Output::File { file, partial, whole: whole.clone() })
    }

    /// Deletes all but the newest backups beside this one.
    pub(super) fn keep_newest(&self, keep: u16) -> anyhow::Result<()> {
        let Self::File(file) = self else { return Ok(()) };
        let directory = directory(file);
        let mut names: Vec<PathBuf> = fs::read_dir(directory)?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.file_name().is_some_and(|name| is_name(&name.to_string_lossy())))
            .collect();
        names.sort();
        for old in names.iter().rev().skip(keep.into()) {
            fs::remove_file(old).with_context(|| format!("{} cannot be deleted", old.display()))?;
            println!("{}: deleted", old.display());
        }
        Ok(())
    }
}

impl Output {
    /// The backup is whole: gives it its name.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::StandardOutput(mut output) => Ok(output.flush()?),
            Self::File { file, partial, whole } => {
                let named = || whole.display().to_string();
                file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all().with_context(named)?;
                fs::rename(&partial.0, &whole).with_context(named)?;
                File::open(directory(&whole)).and_then(|directory| directory.sync_all()).with_context(named)
            }
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::StandardOutput(output) => output.write(bytes),
            Self::File { file, .. } => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::StandardOutput(output) => output.flush(),
            Self::File { file, .. } => file.flush(),
        }
    }
}

fn directory(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// `open-chat-2026-01-31T120000.123Z.ndjson`.
fn name(milliseconds: u64) -> String {
    format!("{BEGINS}{}{ENDS}", time_text(milliseconds).replace(':', ""))
}

fn is_name(name: &str) -> bool {
    name.starts_with(BEGINS) && name.ends_with(ENDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_in_a_directory_is_named_by_its_time() {
        assert_eq!(name(1_755_600_000_123), "open-chat-2025-08-19T104000.123Z.ndjson");
        assert!(is_name(&name(0)) && name(1_000) < name(2_000) && !is_name("open-chat-x.ndjson.partial"));
    }
}
