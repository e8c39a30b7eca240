//! The directory of the read models, and the lock that gives it to one process.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::open_error::OpenError;

const DATABASE: &str = "read-models.sqlite";
/// What is being built to take the database's place.
const NEXT: &str = "read-models.next.sqlite";
/// The full-text index of what is being built, until it is whole.
const NEXT_INDEX: &str = "read-models.next-index.sqlite";
const LOCK: &str = "read-models.lock";

/// A directory that is this process's until dropped.
pub(crate) struct Directory {
    path: PathBuf,
    lock: Mutex<File>,
}

impl Directory {
    /// Takes `path`, which is created if it is missing.
    pub(crate) fn lock(path: &Path) -> Result<Self, OpenError> {
        Ok(Self { path: path.to_owned(), lock: Mutex::new(take(path)?) })
    }

    /// Takes the directory again if it was deleted meanwhile.
    pub(crate) fn restore(&self) -> Result<(), OpenError> {
        let mut lock = self.file();
        let ours = lock.metadata()?;
        match fs::metadata(self.path.join(LOCK)) {
            Ok(there) if (there.dev(), there.ino()) == (ours.dev(), ours.ino()) => {}
            _ => *lock = take(&self.path)?,
        }
        Ok(())
    }

    /// Where the database lies, or will.
    pub(crate) fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// Where the next database is built.
    pub(crate) fn next(&self) -> PathBuf {
        self.path.join(NEXT)
    }

    /// Where its full-text index is built.
    pub(crate) fn next_index(&self) -> PathBuf {
        self.path.join(NEXT_INDEX)
    }

    /// Deletes the database and what SQLite keeps beside it.
    pub(crate) fn delete_database(&self) -> io::Result<()> {
        delete(&self.database())
    }

    /// Deletes a next database that was not finished.
    pub(crate) fn delete_next(&self) -> io::Result<()> {
        delete(&self.next())?;
        delete(&self.next_index())
    }

    /// Makes the next database, which nobody has open, the database. A crash in between leaves none, which is built again.
    pub(crate) fn put_next_in_place(&self) -> io::Result<()> {
        delete(&self.next_index())?;
        self.delete_database()?;
        delete_beside(&self.next())?;
        fs::rename(self.next(), self.database())
    }

    fn file(&self) -> MutexGuard<'_, File> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn take(path: &Path) -> Result<File, OpenError> {
    fs::create_dir_all(path)?;
    // The file stays when the lock is given up: removing it would let two processes lock two files of one name.
    let lock = File::options().write(true).create(true).truncate(false).open(path.join(LOCK))?;
    lock.try_lock()?;
    Ok(lock)
}

fn delete(database: &Path) -> io::Result<()> {
    remove(database)?;
    delete_beside(database)
}

/// What SQLite keeps beside a database.
fn delete_beside(database: &Path) -> io::Result<()> {
    for suffix in ["-wal", "-shm", "-journal"] {
        let mut file = database.as_os_str().to_owned();
        file.push(suffix);
        remove(Path::new(&file))?;
    }
    Ok(())
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Closing the file is not enough: a process that is just being started shares it until it runs its own program.
        if let Err(error) = self.file().unlock() {
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
        for database in [DATABASE, NEXT, NEXT_INDEX] {
            for suffix in ["", "-wal", "-shm", "-journal"] {
                fs::write(dir.path().join(format!("{database}{suffix}")), "x").unwrap();
            }
        }
        directory.delete_database().unwrap();
        directory.delete_next().unwrap();
        let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, [LOCK]);
    }

    #[test]
    fn a_directory_that_was_deleted_is_taken_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("models");
        let directory = Directory::lock(&path).unwrap();
        directory.restore().unwrap();
        fs::remove_dir_all(&path).unwrap();
        directory.restore().unwrap();
        assert!(matches!(Directory::lock(&path), Err(OpenError::Locked)));
    }
}
