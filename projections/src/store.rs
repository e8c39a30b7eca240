//! The database of the read models: opened or begun anew, written by one connection, read by a few others.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_eventlog::{LogIdentity, Position, Recorded};
use chat_schema::ConversationId;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::checkpoint::Checkpoint;
use crate::directory::Directory;
use crate::open_error::OpenError;
use crate::readers::Readers;
use crate::versions::Step;
use crate::{checkpoint, tables, versions};

/// More than all statements of the read models together, so that each is prepared once.
const STATEMENTS: usize = 64;

/// Size of the write-ahead log at which it is worked into the database: 40 MB.
const WAL_PAGES: i32 = 10_000;

/// Pages the writer keeps in memory, in KiB.
const CACHE_KIB: i32 = 32 * 1024;

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
        let reason = if directory.database().exists() {
            match open(directory.database(), log) {
                Ok(writer) => return Ok(Self::new(directory, writer)),
                Err(Unfit::Failed(error)) => return Err(error),
                Err(Unfit::Disposable(reason)) => reason,
            }
        } else {
            "there are none yet".to_owned()
        };
        tracing::info!(reason, "read models begin anew");
        directory.delete_database()?;
        let writer = create(directory.database(), log)?;
        Ok(Self::new(directory, writer))
    }

    fn new(directory: Directory, writer: Connection) -> Self {
        let readers = Arc::new(Readers::new(directory.database().to_owned()));
        Self { readers, writer: Mutex::new(writer), _directory: directory }
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

/// Why a database that is there is not gone on with.
enum Unfit {
    /// It can be thrown away.
    Disposable(String),
    /// Its successor would fare no better.
    Failed(OpenError),
}

impl From<rusqlite::Error> for Unfit {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            // Without a code, or with the general one: a table, a row or a column is not as this release makes it.
            None | Some(ErrorCode::Unknown | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Disposable(format!("their file is damaged: {error}"))
            }
            Some(_) => Self::Failed(error.into()),
        }
    }
}

fn open(database: &Path, log: LogIdentity) -> Result<Connection, Unfit> {
    let connection = connect(database)?;
    let format: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if format != tables::FORMAT {
        return Err(Unfit::Disposable(format!("they have format {format}, not {}", tables::FORMAT)));
    }
    if checkpoint::load(&connection)?.log != log {
        return Err(Unfit::Disposable("they were made from another log".to_owned()));
    }
    Ok(connection)
}

/// All tables or none: what a crash in between leaves has format 0.
fn create(database: &Path, log: LogIdentity) -> rusqlite::Result<Connection> {
    let mut connection = connect(database)?;
    let transaction = connection.transaction()?;
    tables::create(&transaction, log)?;
    transaction.commit()?;
    Ok(connection)
}

fn connect(database: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // A power cut may take the last commits, checkpoint included: their events are applied again. "off" is no faster
    // (measured), and can leave a damaged file that is noticed only when a read stumbles over it.
    connection.pragma_update(None, "synchronous", "normal")?;
    // Events touch pages all over the file: with SQLite's own sizes a build writes most pages many times over and takes
    // two to three times as long.
    connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}
