//! The log's directory, and the lock that gives it to one process.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::open_error::OpenError;

/// A side file, since SQLite's own exclusive mode would shut out readers too, such as an audit beside the running server.
const LOCK_FILE: &str = "open-chat.lock";

/// A directory that is this process's until dropped.
pub(super) struct Directory {
    path: PathBuf,
    lock: File,
}

impl Directory {
    /// Takes `path`, which is created if it is missing.
    pub(super) fn lock(path: &Path) -> Result<Self, OpenError> {
        create(path)?;
        // The file stays when the lock is given up: removing it would let two processes lock two files of one name.
        let lock = File::options().write(true).create(true).truncate(false).open(path.join(LOCK_FILE))?;
        lock.try_lock()?;
        Ok(Self { path: path.to_owned(), lock })
    }

    /// Where the file called `name` lies.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Closing the file is not enough: a process that is just being started shares it until it runs its own program.
        if let Err(error) = self.lock.unlock() {
            tracing::warn!(%error, "event log's directory stays locked until this process ends");
        }
    }
}

/// Creates `path`, and its parents, durably: what is stored in a directory lives no longer than the directory's name.
fn create(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    create(parent)?;
    match fs::create_dir(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists || !path.is_dir() => return Err(error),
        _ => {}
    }
    if cfg!(unix) { File::open(parent)?.sync_all() } else { Ok(()) }
}
