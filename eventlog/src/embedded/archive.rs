//! The embedded log, read for audit: beside the server that uses it, or from a copy, without changing a byte of either.
//!
//! SQLite takes part in a log's write-ahead file even when it only reads, unless it is told not to. Which way leaves everything as
//! it is depends on the files that are there:
//!
//! | `-wal` | `-shm` | who left it so | how it is read |
//! |---|---|---|---|
//! | none, or empty | none | a copy of the one file that a stopped server needs | as an immutable file; read again if a `-wal` appears meanwhile |
//! | there | there | a server that runs, was stopped or was killed, or a copy of its files | with a read-only `-shm`; if no server lives, SQLite makes itself an index of the `-wal` in memory |
//! | there | none | a copy without the `-shm` | from a copy in the system's temporary directory, since SQLite would have to make a `-shm` |
//!
//! Each read opens the file and closes it again, so that no server's checkpoint waits for an auditor.

use std::fs;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use chat_schema::{ConversationId, Hash};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row, params};
use tempfile::TempDir;
use uuid::Uuid;

use super::format::Format;
use super::open;
use super::open_error::OpenError;
use super::reader::BATCH_BYTES;
use crate::archive::{Archive, Stored};
use crate::log::{LogError, Position};

/// What a path may hold in a URI of SQLite as it is.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');
/// Tries while a server is started or stopped beside the reader.
const TRIES: usize = 20;

/// An embedded log, open for audit.
pub struct EmbeddedArchive {
    file: PathBuf,
    format: Format,
    notes: Vec<String>,
    /// Where `file` is, if it is a copy.
    _copy: Option<TempDir>,
}

/// How the file is to be opened.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Immutable,
    WithIndex,
}

impl EmbeddedArchive {
    /// Opens the log in `dir`. Blocks.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let file = dir.join(open::FILE);
        if !file.is_file() {
            return Err(OpenError::Missing);
        }
        let (file, notes, copy) = match way(&file) {
            Some(_) => (file, vec![], None),
            None => {
                let copy = tempfile::tempdir()?;
                let copied = copy.path().join(open::FILE);
                fs::copy(&file, &copied)?;
                fs::copy(beside(&file, "-wal"), beside(&copied, "-wal"))?;
                let note = "The log has a -wal without a -shm: a copy of both in the system's directory for temporary files is \
                     read, so that the directory stays as it is.";
                (copied, vec![note.to_owned()], Some(copy))
            }
        };
        let mut archive = Self { file, format: Format::NEWEST, notes, _copy: copy };
        archive.format = archive.with_connection(open::format)??;
        Ok(archive)
    }

    fn query(
        &self,
        conversation: Option<ConversationId>,
        after: Position,
        limit: usize,
    ) -> rusqlite::Result<Vec<Stored>> {
        let after = i64::try_from(after.get()).unwrap_or(i64::MAX);
        self.with_connection(|connection| match conversation {
            None => batch(connection.prepare(self.format.select_log())?.query_map(params![after, limit], stored)?),
            Some(id) => {
                let id = id.as_uuid().as_bytes();
                batch(
                    connection
                        .prepare(self.format.select_log_of_one())?
                        .query_map(params![after, limit, id], stored)?,
                )
            }
        })?
    }

    /// Reads by the way that is right now; again if another one turned out to be.
    fn with_connection<T>(&self, read: impl Fn(&Connection) -> T) -> rusqlite::Result<T> {
        let mut tries = 0;
        loop {
            tries += 1;
            // A copy is ours: SQLite may keep its files beside it.
            let way = if self._copy.is_some() { None } else { way(&self.file) };
            let found = connect(&self.file, way).map(|connection| read(&connection));
            let settled = way.is_none() || self::way(&self.file) == way;
            match found {
                Ok(found) if settled => return Ok(found),
                Err(error) if settled || tries >= TRIES => return Err(error),
                _ if tries >= TRIES => return Err(rusqlite::Error::InvalidQuery),
                _ => {}
            }
        }
    }
}

#[async_trait]
impl Archive for EmbeddedArchive {
    async fn scan(
        &self,
        conversation: Option<ConversationId>,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Stored>, LogError> {
        // An auditor's process does nothing else meanwhile.
        self.query(conversation, after, limit).map_err(|error| LogError::Unavailable(error.to_string()))
    }

    /// Positions are in no hash, and servers find a conversation's events by an index: SQLite tells whether all of these agree.
    async fn damage(&self) -> Result<Option<String>, LogError> {
        let check = |connection: &Connection| {
            connection.query_row("PRAGMA integrity_check(1)", (), |row| row.get::<_, String>(0))
        };
        match self.with_connection(check).and_then(|found| found) {
            Ok(found) if found == "ok" => Ok(None),
            Ok(found) => Ok(Some(found.replace('\n', " "))),
            Err(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Ok(Some(error.to_string())),
                _ => Err(LogError::Unavailable(error.to_string())),
            },
        }
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// `None`: only a copy can be read without a change.
fn way(file: &Path) -> Option<Way> {
    let wal = fs::metadata(beside(file, "-wal")).ok();
    match (wal, beside(file, "-shm").exists()) {
        (Some(_), true) => Some(Way::WithIndex),
        (Some(wal), false) if wal.len() > 0 => None,
        _ => Some(Way::Immutable),
    }
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn connect(file: &Path, way: Option<Way>) -> rusqlite::Result<Connection> {
    let option = match way {
        Some(Way::Immutable) => "?mode=ro&immutable=1",
        Some(Way::WithIndex) => "?mode=ro&readonly_shm=1",
        None => "?mode=ro",
    };
    let path = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let uri = format!("file:{}{option}", percent_encode(path.as_os_str().as_encoded_bytes(), PATH));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(uri, flags)
}

/// Up to a size: how many events there are says nothing about how large they are.
fn batch(rows: impl Iterator<Item = rusqlite::Result<Stored>>) -> rusqlite::Result<Vec<Stored>> {
    let (mut found, mut bytes) = (Vec::new(), 0);
    for row in rows {
        let row = row?;
        bytes += row.bytes.len();
        found.push(row);
        if bytes >= BATCH_BYTES {
            break;
        }
    }
    Ok(found)
}

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    // Whoever changed a row may have put anything there.
    let blob = |index: usize| -> rusqlite::Result<Vec<u8>> {
        Ok(match row.get_ref(index)? {
            ValueRef::Blob(bytes) | ValueRef::Text(bytes) => bytes.to_vec(),
            _ => vec![],
        })
    };
    Ok(Stored {
        position: Position::new(row.get(0)?),
        conversation: Uuid::from_slice(&blob(1)?).ok().map(ConversationId::from),
        version: row.get::<_, u64>(2).ok(),
        hash: <[u8; 32]>::try_from(blob(3)?).map_or(Hash::ZERO, Hash::from),
        bytes: blob(4)?.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{Author, store};
    use crate::embedded::EmbeddedLog;

    /// Every file of a directory with its bytes and the time of its last change.
    fn files(dir: &Path) -> Vec<(std::ffi::OsString, Vec<u8>, std::time::SystemTime)> {
        let mut files: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                (entry.file_name(), fs::read(entry.path()).unwrap(), entry.metadata().unwrap().modified().unwrap())
            })
            .collect();
        files.sort();
        files
    }

    fn copy(from: &Path, without: &str) -> TempDir {
        let to = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            let name = entry.file_name();
            if without.is_empty() || !name.to_str().unwrap().ends_with(without) {
                fs::copy(entry.path(), to.path().join(name)).unwrap();
            }
        }
        to
    }

    async fn read(dir: &Path) -> Vec<Box<[u8]>> {
        let archive = EmbeddedArchive::open(dir).unwrap();
        let (mut after, mut bytes) = (Position::START, vec![]);
        loop {
            let stored = archive.scan(None, after, 7).await.unwrap();
            let Some(last) = stored.last() else { return bytes };
            after = last.position;
            bytes.extend(stored.into_iter().map(|stored| stored.bytes));
        }
    }

    #[tokio::test]
    async fn a_log_is_read_in_every_state_it_is_found_in_and_no_byte_of_it_changes() {
        let dir = tempfile::Builder::new().prefix("a log? 100% #1 ").tempdir().unwrap();
        let log = EmbeddedLog::open(dir.path()).unwrap();
        let mut author = Author::new();
        let events = author.events(20);
        store(&log, &events).await;
        let expected: Vec<_> = events.iter().map(|event| event.bytes.clone()).collect();

        let killed = copy(dir.path(), "");
        let without_index = copy(dir.path(), "-shm");
        assert!(fs::metadata(beside(&killed.path().join(open::FILE), "-wal")).unwrap().len() > 0, "nothing to see");
        for copy in [&killed, &without_index] {
            let before = files(copy.path());
            assert_eq!(read(copy.path()).await, expected);
            assert_eq!(files(copy.path()), before);
        }
        // That the `-shm` stays as it is shows only from another process: connections of one process share it.
        assert_eq!(read(dir.path()).await, expected, "beside the server");
        store(&log, &author.events(1)).await;
        assert_eq!(read(dir.path()).await.len(), 21);

        drop(log);
        assert!(!beside(&dir.path().join(open::FILE), "-wal").exists());
        let before = files(dir.path());
        assert_eq!(read(dir.path()).await.len(), 21, "after the server");
        assert_eq!(files(dir.path()), before);
    }

    #[tokio::test]
    async fn a_reader_sees_what_a_server_that_starts_meanwhile_appends() {
        let dir = tempfile::tempdir().unwrap();
        let mut author = Author::new();
        store(&EmbeddedLog::open(dir.path()).unwrap(), &author.events(3)).await;
        let archive = EmbeddedArchive::open(dir.path()).unwrap();
        assert_eq!(archive.scan(None, Position::START, 10).await.unwrap().len(), 3);
        let log = EmbeddedLog::open(dir.path()).unwrap();
        let last = store(&log, &author.events(2)).await;
        let found = archive.scan(Some(author.conversation), Position::START, 10).await.unwrap();
        assert_eq!((found.len(), found[4].position), (5, last));
        drop(log);
        assert_eq!(archive.scan(None, Position::START, 10).await.unwrap().len(), 5);
        assert_eq!(archive.scan(Some(Author::new().conversation), Position::START, 10).await.unwrap(), []);
    }

    #[test]
    fn where_there_is_no_log_nothing_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let error = EmbeddedArchive::open(dir.path()).err().unwrap();
        assert!(matches!(error, OpenError::Missing), "{error}");
        assert!(files(dir.path()).is_empty());
        fs::write(dir.path().join(open::FILE), "Dear diary, ".repeat(1000)).unwrap();
        assert!(matches!(EmbeddedArchive::open(dir.path()).err().unwrap(), OpenError::NotALog));
    }
}
