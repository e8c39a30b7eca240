//! The open database of the read models: written by one connection, read by a few others.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_eventlog::{LogIdentity, Position, Recorded};
use chat_schema::ConversationId;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use crate::checkpoint::Checkpoint;
use crate::directory::Directory;
use crate::open_error::OpenError;
use crate::readers::Readers;
use crate::versions::Step;
use crate::{checkpoint, database, tables, versions};

/// Why the database could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite says so.
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The process is stopping, or the call panicked.
    #[error("the call was interrupted")]
    Interrupted,
}

impl StoreError {
    /// Whether repeating the call cannot help, since the file contradicts itself.
    pub(crate) fn is_corrupt(&self) -> bool {
        let Self::Sqlite(error) = self else { return false };
        matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
    }
}

/// Runs `call` where blocking is allowed.
pub(crate) async fn blocking<T, C>(call: C) -> Result<T, StoreError>
where
    T: Send + 'static,
    C: FnOnce() -> rusqlite::Result<T> + Send + 'static,
{
    let called = tokio::task::spawn_blocking(call).await.map_err(|_| StoreError::Interrupted)?;
    Ok(called?)
}

/// What became of a batch of events.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Applied {
    /// Position of the last event applied.
    pub(crate) position: Position,
    /// The event that could not follow, if there was one.
    pub(crate) gap: Option<Gap>,
}

/// An event whose predecessor never came.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "event at position {position} is version {found} of conversation {conversation}, but version {expected} is \
     missing from the log: check the log, then start again"
)]
pub(crate) struct Gap {
    position: Position,
    conversation: ConversationId,
    expected: u64,
    found: u64,
}

/// The open database. Its calls block, except reads.
pub(crate) struct Store {
    pub(crate) readers: Arc<Readers>,
    writer: Mutex<Connection>,
    // Last, so that the lock is given up after the connections.
    _directory: Directory,
}

impl Store {
    /// Opens the models of `log` in `dir`, or begins them anew if what is there cannot be gone on with.
    pub(crate) fn open(dir: &Path, log: LogIdentity) -> Result<Self, OpenError> {
        let directory = Directory::lock(dir)?;
        let writer = database::open_or_create(&directory, log)?;
        let readers = Arc::new(Readers::new(directory.database().to_owned()));
        Ok(Self { readers, writer: Mutex::new(writer), _directory: directory })
    }

    pub(crate) fn checkpoint(&self) -> rusqlite::Result<Checkpoint> {
        checkpoint::load(&self.writer())
    }

    /// Throws every row away, to begin before the first event of `log`.
    pub(crate) fn begin_anew(&self, log: LogIdentity) -> rusqlite::Result<()> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tables::clear(&transaction, log)?;
        transaction.commit()
    }

    /// Applies `events`, up to a gap, after those up to `from`, in one transaction with the checkpoint. The models are
    /// whole once that is `goal` or beyond.
    pub(crate) fn apply(&self, events: &[Recorded], from: Position, goal: Position) -> rusqlite::Result<Applied> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut applied = Applied { position: from, gap: None };
        for Recorded { position, event } in events {
            let envelope = &event.envelope;
            match versions::step(&transaction, envelope)? {
                Step::Seen => {}
                Step::Next => tables::apply(&transaction, envelope)?,
                Step::Gap { expected } => {
                    let (conversation, found) = (envelope.conversation_id, envelope.version);
                    applied.gap = Some(Gap { position: *position, conversation, expected, found });
                    break;
                }
            }
            applied.position = applied.position.max(*position);
        }
        checkpoint::advance(&transaction, applied.position, goal)?;
        transaction.commit()?;
        Ok(applied)
    }

    /// A panic while the lock was held rolled its transaction back, so the connection can be used on.
    fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
