//! Opening the database of the read models: made when there is none, begun anew when it cannot be gone on with.

use std::fs::File;
use std::path::Path;

use chat_eventlog::LogIdentity;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::directory::Directory;
use crate::open_error::OpenError;
use crate::search::index;
use crate::{checkpoint, tables};

/// More than all statements of the read models together, so that each is prepared once.
const STATEMENTS: usize = 64;

/// Size of the write-ahead log at which it is worked into the database: 40 MB.
const WAL_PAGES: i32 = 10_000;

/// Pages the writer keeps in memory, in KiB.
const CACHE_KIB: i32 = 32 * 1024;

/// The connection that writes the models of `log`.
pub(crate) fn open_or_create(directory: &Directory, log: LogIdentity) -> Result<Connection, OpenError> {
    let reason = if directory.database().exists() {
        match open(&directory.database(), log) {
            Ok(connection) => return Ok(connection),
            Err(Unfit::Failed(error)) => return Err(error),
            Err(Unfit::Disposable(reason)) => reason,
        }
    } else {
        "there are none yet".to_owned()
    };
    tracing::info!(reason, "read models begin anew");
    directory.delete_database()?;
    create(&directory.database(), log)
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
    // SQLite notices that whole pages are missing, but takes the rest of a page for one.
    let page: u64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let length = std::fs::metadata(database).map_err(|error| Unfit::Failed(error.into()))?.len();
    if !length.is_multiple_of(page) {
        return Err(Unfit::Disposable("their file is damaged: its end is missing".to_owned()));
    }
    if checkpoint::load(&connection)?.log != log {
        return Err(Unfit::Disposable("they were made from another log".to_owned()));
    }
    Ok(connection)
}

/// All tables or none: what a crash in between leaves has format 0. Synced once, when it is whole.
fn create(database: &Path, log: LogIdentity) -> Result<Connection, OpenError> {
    let mut connection = open_file(database)?;
    connection.pragma_update(None, "synchronous", "off")?;
    let transaction = connection.transaction()?;
    tables::create(&transaction, log)?;
    transaction.commit()?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    File::open(database)?.sync_all()?;
    Ok(set_up(connection)?)
}

/// All tables, in a file that is thrown away unless it is finished (`finish`), so that nothing of it is synced before. A journal for
/// rolling back is enough; it is a file, since in memory it would be as large as what a transaction changes, and one that merges the
/// full-text index changes much.
pub(crate) fn create_unfinished(database: &Path, log: LogIdentity) -> Result<Connection, OpenError> {
    let mut connection = open_file(database)?;
    connection.pragma_update(None, "journal_mode", "truncate")?;
    connection.pragma_update(None, "synchronous", "off")?;
    let transaction = connection.transaction()?;
    tables::create(&transaction, log)?;
    transaction.commit()?;
    Ok(tune(connection)?)
}

/// The full-text index alone, in a file that is always thrown away.
pub(crate) fn create_index_aside(file: &Path) -> Result<Connection, OpenError> {
    let connection = open_file(file)?;
    connection.pragma_update(None, "journal_mode", "off")?;
    connection.pragma_update(None, "synchronous", "off")?;
    connection.execute_batch(index::SCHEMA)?;
    Ok(connection)
}

/// Brings a database that was built [`create_unfinished`], and closed, to the disk.
pub(crate) fn finish(database: &Path) -> std::io::Result<()> {
    File::open(database)?.sync_all()
}

fn connect(database: &Path) -> rusqlite::Result<Connection> {
    set_up(open_file(database)?)
}

fn open_file(database: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(database, flags)
}

fn set_up(connection: Connection) -> rusqlite::Result<Connection> {
    connection.pragma_update(None, "journal_mode", "wal")?;
    // A power cut may take the last commits, checkpoint included: their events are applied again. "off" is no faster
    // (measured), and can leave a damaged file that is noticed only when a read stumbles over it.
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES)?;
    tune(connection)
}

fn tune(connection: Connection) -> rusqlite::Result<Connection> {
    // What is erased is overwritten, in pages that are freed too.
    connection.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
    // Events touch pages all over the file: with SQLite's own sizes, of this and of the write-ahead log, a build writes most pages
    // many times over and takes two to three times as long.
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}
