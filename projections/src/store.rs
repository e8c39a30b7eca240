//! The directory of the read models and the database in it that reads are answered from. Another one may be built beside
//! it and put in its place, whole.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use chat_eventlog::LogIdentity;
use rusqlite::ErrorCode;

use crate::database;
use crate::directory::Directory;
use crate::models::Models;
use crate::open_error::OpenError;
use crate::search::aside::Aside;

/// Why the database could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite says so.
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The full-text index of models that are being built; what it was to be told is lost.
    #[error("their full-text index: {0}")]
    Index(#[source] rusqlite::Error),
    /// Another database could not be made or put in its place.
    #[error("their directory: {0}")]
    Directory(#[from] OpenError),
    /// Reads did not let the write-ahead log be emptied.
    #[error("a read is in the way: try again")]
    Busy,
    /// The process is stopping, or the call panicked.
    #[error("the call was interrupted")]
    Interrupted,
}

impl StoreError {
    /// Whether repeating the call cannot help, since the file contradicts itself, lacks something or is gone.
    pub(crate) fn is_corrupt(&self) -> bool {
        match self {
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::CannotOpen)
            ),
            Self::Index(_) => true,
            Self::Directory(_) | Self::Busy | Self::Interrupted => false,
        }
    }
}

/// Runs `call` where blocking is allowed.
pub(crate) async fn blocking<T, E, C>(call: C) -> Result<T, StoreError>
where
    T: Send + 'static,
    E: Into<StoreError> + Send + 'static,
    C: FnOnce() -> Result<T, E> + Send + 'static,
{
    let called = tokio::task::spawn_blocking(call).await.map_err(|_| StoreError::Interrupted)?;
    called.map_err(Into::into)
}

/// The directory, this process's alone, and what reads are answered from.
pub(crate) struct Store {
    current: RwLock<Arc<Models>>,
    // Last, so that the lock is given up after the connections.
    directory: Directory,
}

impl Store {
    /// Opens the models of `log` in `dir`, or begins them anew if what is there cannot be gone on with.
    pub(crate) fn open(dir: &Path, log: LogIdentity) -> Result<Self, OpenError> {
        let directory = Directory::lock(dir)?;
        directory.delete_next()?;
        let writer = database::open_or_create(&directory, log)?;
        let current = Models::of(&directory.database(), writer)?;
        Ok(Self { current: RwLock::new(Arc::new(current)), directory })
    }

    /// What reads are answered from.
    pub(crate) fn current(&self) -> Arc<Models> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Empty models beside the current ones.
    pub(crate) fn begin_beside(&self, log: LogIdentity) -> Result<Models, OpenError> {
        self.directory.restore()?;
        beside(&self.directory, log)
    }

    /// Puts `next` in the place of the current models, which reads that have begun still see.
    pub(crate) fn replace(&self, next: Models, log: LogIdentity) -> Result<(), StoreError> {
        let writer = put_in_place(&self.directory, next, log)?;
        let replaced = Arc::new(Models::of(&self.directory.database(), writer)?);
        // Closed only now: SQLite sees that its file is another one's place, and leaves that alone.
        drop(std::mem::replace(&mut *self.current.write().unwrap_or_else(PoisonError::into_inner), replaced));
        Ok(())
    }
}

/// Empty models beside those of `directory`.
pub(crate) fn beside(directory: &Directory, log: LogIdentity) -> Result<Models, OpenError> {
    directory.delete_next()?;
    let tables = database::create_unfinished(&directory.next(), log)?;
    let index = database::create_index_aside(&directory.next_index())?;
    Models::unfinished(&directory.next(), tables, Aside::start(&directory.next_index(), index)?)
}

/// Closes `next`, makes it the database of `directory`, and opens that.
pub(crate) fn put_in_place(
    directory: &Directory,
    next: Models,
    log: LogIdentity,
) -> Result<rusqlite::Connection, StoreError> {
    next.close()?;
    database::finish(&directory.next()).and_then(|()| directory.put_next_in_place()).map_err(OpenError::from)?;
    Ok(database::open_or_create(directory, log)?)
}
