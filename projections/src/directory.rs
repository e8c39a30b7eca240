//! The directory of the read models, and the lock that gives it to one process.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::open_error::OpenError;

const DATABASE: &str = "read-models.sqlite";
const LOCK: &str = "read-models.lock";

/// A directory that is this process's until dropped.
pub(crate) struct Directory {
    database: PathBuf,
    lock: File,
}

impl Directory {
    /// Takes `path`, which is created if it is missing.
    pub(crate) fn lock(path: &Path) -> Result<Self, OpenError> {
        fs::create_dir_all(path)?;
        // The file stays when the lock is given up: removing it would let two processes lock two files of one name.
        let lock = File::options().write(true).create(true).truncate(false).open(path.join(LOCK))?;
        lock.try_lock()?;
        Ok(Self { database: path.join(DATABASE), lock })
    }

    /// Where the database lies, or will.
    pub(crate) fn database(&self) -> &Path {
        &self.database
    }

    /// Deletes the database and what SQLite keeps beside it. No connection may be open.
    pub(crate) fn delete_database(&self) -> io::Result<()> {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let mut file = self.database.clone().into_os_string();
            file.push(suffix);
            match fs::remove_file(file) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Closing the file is not enough: a process that is just being started shares it until it runs its own program.
        if let Err(error) = self.lock.unlock() {
            tracing::warn!(%error, "read models' directory stays locked until this process ends");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deleted_database_leaves_nothing_but_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let directory = Directory::lock(dir.path()).unwrap();
        directory.delete_database().unwrap();
        for file in [DATABASE, "read-models.sqlite-wal", "read-models.sqlite-shm", "read-models.sqlite-journal"] {
            fs::write(dir.path().join(file), "x").unwrap();
        }
        directory.delete_database().unwrap();
        let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, [LOCK]);
    }
}
