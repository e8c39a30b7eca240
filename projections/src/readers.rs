//! A few read-only connections, used off the async threads.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use crate::checkpoint;
use crate::store::{StoreError, blocking};

/// Reads at the same time; further ones wait.
const CONNECTIONS: usize = 4;

/// Keeps connections open from the start: they go on answering when the file is deleted.
pub(crate) struct Readers {
    database: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    /// Readers of the database file, which a writer has open.
    pub(crate) fn new(database: PathBuf) -> Self {
        let readers = Self { database, idle: Mutex::default(), permits: Arc::new(Semaphore::new(CONNECTIONS)) };
        // One that cannot be opened now is tried again by the read that needs it, which says what is wrong.
        let connections: Vec<_> = (0..CONNECTIONS).map_while(|_| readers.connect().ok()).collect();
        Self { idle: Mutex::new(connections), ..readers }
    }

    /// What `query` finds. All it reads is of one moment: between the same two transactions of the writer.
    pub(crate) async fn read<T, Q>(self: &Arc<Self>, query: Q) -> Result<T, StoreError>
    where
        T: Send + 'static,
        Q: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| StoreError::Interrupted)?;
        let readers = self.clone();
        blocking(move || {
            // Held by the query, not by whoever asked and may be gone.
            let _permit = permit;
            readers.query(query)
        })
        .await
    }

    /// A connection that failed is not kept.
    fn query<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let mut connection = kept.map_or_else(|| self.connect(), Ok)?;
        let snapshot = connection.transaction()?;
        let found = query(&snapshot)?;
        snapshot.finish()?;
        idle().push(connection);
        Ok(found)
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.database, flags)?;
        // SQLite opens the write-ahead log, by its name, at the first read: by then another one's could lie there.
        checkpoint::is_whole(&connection)?;
        Ok(connection)
    }
}
