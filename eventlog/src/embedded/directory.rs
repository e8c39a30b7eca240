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

    /// The lock and `file`, as they are found now.
    pub(super) fn place(&self, file: &Path) -> io::Result<Place> {
        Place::of(vec![self.path.join(LOCK_FILE), file.to_owned()])
    }

    /// Where the file called `name` lies.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

/// Which file a path led to when the log was opened. A directory that is deleted, moved or replaced under a running process
/// takes its log along: what is written then, no restart would find.
pub(super) struct Place(Vec<(PathBuf, FileId)>);

/// Device and number of a file.
type FileId = (u64, u64);

impl Place {
    /// The place of `files`, which exist.
    pub(super) fn of(files: Vec<PathBuf>) -> io::Result<Self> {
        files.into_iter().map(|file| id(&file).map(|id| (file, id))).collect::<io::Result<_>>().map(Self)
    }

    /// Whether every path still leads to the same file.
    pub(super) fn holds(&self) -> bool {
        self.0.iter().all(|(file, opened)| id(file).is_ok_and(|now| now == *opened))
    }
}

#[cfg(unix)]
fn id(file: &Path) -> io::Result<FileId> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(file).map(|found| (found.dev(), found.ino()))
}

/// Other systems do not let go of a file that is open.
#[cfg(not(unix))]
fn id(file: &Path) -> io::Result<FileId> {
    fs::metadata(file).map(|_| (0, 0))
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
    sync(parent)
}

/// What was named in `directory` keeps its name when the power fails.
pub(super) fn sync(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_shares_the_lock_file_does_not_keep_the_directory() {
        let dir = tempfile::tempdir().unwrap();
        let directory = Directory::lock(dir.path()).unwrap();
        let inherited = directory.lock.try_clone().unwrap();
        assert!(matches!(Directory::lock(dir.path()).err(), Some(OpenError::Locked)));

        drop(directory);
        assert!(Directory::lock(dir.path()).is_ok());
        drop(inherited);
    }
}
