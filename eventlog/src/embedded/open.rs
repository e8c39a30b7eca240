//! Opening the log's database: made when there is none, refused when it is not ours to write.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use uuid::Uuid;

use super::directory;
use super::format::Format;
use super::open_error::OpenError;
use crate::log::{LogIdentity, Position};

/// The database's name in the log's directory.
pub(super) const FILE: &str = "events.sqlite";

/// Marks an SQLite file as an event log of ours: "OCev".
const APPLICATION_ID: u32 = 0x4f43_6576;

/// Bytes of the write-ahead log that are kept for reuse.
const WAL_KEPT: u32 = 64 << 20;

/// A log's database, ready to be written.
pub(super) struct Database {
    /// The only connection that writes.
    pub(super) connection: Connection,
    pub(super) format: Format,
    pub(super) identity: LogIdentity,
    /// Position of the last event.
    pub(super) end: Position,
}

impl Database {
    /// Opens `file`, or makes it.
    pub(super) fn open(file: &Path) -> Result<Self, OpenError> {
        let mut connection = connect(file)?;
        if is_empty(&connection)? {
            drop(connection);
            create(file)?;
            connection = connect(file)?;
        }
        let format = format(&connection)?;
        make_durable(&connection)?;
        let identity = connection.query_row("SELECT identity FROM log", (), |row| row.get(0))?;
        let end = connection.query_row("SELECT coalesce(max(position), 0) FROM event", (), |row| row.get(0))?;
        Ok(Self { connection, format, identity: LogIdentity(Uuid::from_bytes(identity)), end: Position::new(end) })
    }
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(file, flags)
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", (), |row| row.get(0))
}

/// Made aside, and whole on the disk before it has the log's name: all or nothing, for two syncs instead of SQLite's ten.
fn create(file: &Path) -> Result<(), OpenError> {
    let aside = file.with_extension("new");
    for left_by_a_crash in ["new", "new-journal", "new-wal", "new-shm"] {
        match fs::remove_file(file.with_extension(left_by_a_crash)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    let mut connection = connect(&aside)?;
    connection.pragma_update(None, "synchronous", "off")?;
    let transaction = connection.transaction()?;
    transaction.execute_batch(include_str!("schema.sql"))?;
    transaction.execute("INSERT INTO log (identity) VALUES (?1)", [Uuid::new_v4().into_bytes()])?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", Format::NEWEST.number())?;
    transaction.commit()?;
    use_write_ahead_log(&connection)?;
    connection.close().map_err(|(_, error)| error)?;
    File::open(&aside)?.sync_all()?;
    fs::rename(&aside, file)?;
    Ok(directory::sync(file.parent().unwrap_or(Path::new(".")))?)
}

/// The format of the log that `connection` has open.
pub(super) fn format(connection: &Connection) -> Result<Format, OpenError> {
    let application_id: u32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let number: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match Format::of_number(number) {
        _ if application_id != APPLICATION_ID => Err(OpenError::NotALog),
        Some(format) => Ok(format),
        None if number > Format::NEWEST.number() => Err(OpenError::Newer(number)),
        None => Err(OpenError::NotALog),
    }
}

/// A commit returns only when it would survive a power cut.
fn make_durable(connection: &Connection) -> Result<(), OpenError> {
    use_write_ahead_log(connection)?;
    connection.pragma_update(None, "synchronous", "full")?;
    // On macOS an fsync alone leaves the data in the drive's cache; elsewhere this says nothing.
    connection.pragma_update(None, "fullfsync", true)?;
    // What is erased is overwritten, not only unlinked.
    connection.pragma_update(None, "secure_delete", true)?;
    // What a long read elsewhere let the write-ahead log grow to is given back to the disk.
    connection.pragma_update(None, "journal_size_limit", WAL_KEPT)?;
    Ok(())
}

fn use_write_ahead_log(connection: &Connection) -> Result<(), OpenError> {
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(OpenError::Unusable(format!("SQLite keeps its journal mode {mode}, not wal")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_file() -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(FILE);
        (dir, file)
    }

    #[test]
    fn sqlite_has_no_locks_that_all_connections_share_for_every_page() {
        let connection = Connection::open_in_memory().unwrap();
        let mut options = connection.prepare("PRAGMA compile_options").unwrap();
        let options: Vec<String> = options.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        // `.cargo/config.toml` says so, unless LIBSQLITE3_FLAGS is set to something else.
        assert!(!options.contains(&"ENABLE_MEMORY_MANAGEMENT".to_owned()), "{options:?}");
        assert!(options.contains(&"DEFAULT_MEMSTATUS=0".to_owned()), "{options:?}");
    }

    #[test]
    fn a_commit_waits_for_its_fsync() {
        let (_dir, file) = new_file();
        let connection = Database::open(&file).unwrap().connection;
        let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0));
        assert_eq!(pragma("synchronous").unwrap(), 2.into());
        assert_eq!(pragma("journal_mode").unwrap(), "wal".to_owned().into());
    }

    #[test]
    fn a_file_left_empty_by_a_crash_becomes_a_log() {
        let (_dir, file) = new_file();
        std::fs::write(&file, "").unwrap();
        assert_eq!(Database::open(&file).unwrap().end, Position::START);
    }

    #[test]
    fn what_a_crash_left_of_a_log_in_the_making_is_begun_anew() {
        let (dir, file) = new_file();
        for left in ["events.new", "events.new-journal", "events.new-wal", "events.new-shm"] {
            std::fs::write(dir.path().join(left), "half").unwrap();
        }
        assert_eq!(Database::open(&file).unwrap().end, Position::START);
        let left = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert!(left.into_iter().all(|name| !name.starts_with("events.new")));
    }

    #[test]
    fn a_log_of_a_newer_release_is_left_alone() {
        let (_dir, file) = new_file();
        let newer = Format::NEWEST.number() + 1;
        Database::open(&file).unwrap().connection.pragma_update(None, "user_version", newer).unwrap();
        let error = Database::open(&file).err().unwrap();
        assert!(matches!(error, OpenError::Newer(found) if found == newer), "{error}");
    }

    #[test]
    fn another_application_s_database_is_left_alone() {
        let (_dir, file) = new_file();
        Connection::open(&file).unwrap().execute_batch("CREATE TABLE note (text TEXT)").unwrap();
        let before = std::fs::read(&file).unwrap();
        let error = Database::open(&file).err().unwrap();
        assert!(matches!(error, OpenError::NotALog), "{error}");
        assert_eq!(std::fs::read(&file).unwrap(), before);
    }

    #[test]
    fn a_file_that_is_no_database_is_left_alone() {
        let (_dir, file) = new_file();
        std::fs::write(&file, "Dear diary, ".repeat(1000)).unwrap();
        let error = Database::open(&file).err().unwrap();
        assert!(matches!(error, OpenError::NotALog), "{error}");
    }

    #[test]
    fn a_damaged_log_says_so() {
        let (_dir, file) = new_file();
        drop(Database::open(&file).unwrap());
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[200..].fill(0x55);
        std::fs::write(&file, bytes).unwrap();
        let error = Database::open(&file).err().unwrap();
        assert!(matches!(error, OpenError::Corrupt(_)), "{error}");
    }
}
