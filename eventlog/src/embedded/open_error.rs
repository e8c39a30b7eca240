//! What can be wrong with a log's directory, and what to do about it.

use std::fs::TryLockError;
use std::io::{self, ErrorKind};

use rusqlite::{ErrorCode, ffi};

use super::format::Format;
use super::open::FILE;

/// Why the log in a directory was not opened. The message goes on from the directory's name, which the caller knows.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Somebody else has it open.
    #[error("another process uses it: stop that process, or give this one a directory of its own")]
    Locked,
    /// The directory or a file in it is read-only for this process.
    #[error("it cannot be written ({0}): give this user write access to the directory and every file in it")]
    NotWritable(String),
    /// No space, or no quota, is left.
    #[error("its disk is full ({0}): free some space and start again")]
    DiskFull(String),
    /// There is a file in the log's place that is something else.
    #[error("{FILE} in it is not an event log: move that file away, or choose another directory")]
    NotALog,
    /// A newer release wrote it.
    #[error("it has format {0}, this release reads up to {newest}: upgrade open-chat", newest = Format::NEWEST.number())]
    Newer(u32),
    /// There is none to read.
    #[error("there is no event log in it: give the directory that holds {FILE}")]
    Missing,
    /// What is stored contradicts itself.
    #[error("it is damaged ({0}): restore the directory from a backup")]
    Corrupt(String),
    /// The place does not do for a log.
    #[error("it cannot be used ({0}): check that it is a directory on a local disk, with file locks and shared memory")]
    Unusable(String),
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        let detail = error.to_string();
        match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::NotWritable(detail),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull(detail),
            _ => Self::Unusable(detail),
        }
    }
}

impl From<TryLockError> for OpenError {
    fn from(error: TryLockError) -> Self {
        match error {
            TryLockError::WouldBlock => Self::Locked,
            TryLockError::Error(error) => error.into(),
        }
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        let detail = error.to_string();
        let Some(failure) = error.sqlite_error() else {
            return Self::Corrupt(detail);
        };
        match failure.code {
            // SQLite does not say why it cannot open a file; the lock file beside it could be opened.
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => Self::NotWritable(detail),
            ErrorCode::DiskFull => Self::DiskFull(detail),
            ErrorCode::SystemIoFailure if failure.extended_code == ffi::SQLITE_IOERR_SHMSIZE => Self::DiskFull(detail),
            ErrorCode::NotADatabase => Self::NotALog,
            ErrorCode::DatabaseCorrupt => Self::Corrupt(detail),
            _ => Self::Unusable(detail),
        }
    }
}
