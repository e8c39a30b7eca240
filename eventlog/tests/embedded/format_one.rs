//! A log that a release before format 2 made: it is read and written on as what it is.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use chat_eventlog::archive::Archive;
use chat_eventlog::conformance::{Author, Backend, store};
use chat_eventlog::embedded::{EmbeddedArchive, EmbeddedLog};
use chat_eventlog::{EventLog, Position};
use rusqlite::{Connection, params};
use tempfile::TempDir;

use crate::looking::first_faults;

/// What else such a release made: "OCev", the format, and who the log is.
const LOG: &str = "
    PRAGMA application_id = 0x4f436576;
    PRAGMA user_version = 1;
    CREATE TABLE log (identity BLOB NOT NULL) STRICT;
    INSERT INTO log VALUES (randomblob(16));
";

/// Makes an empty log of format 1 in a directory.
pub(crate) fn make(dir: &Path) -> Connection {
    let database = Connection::open(dir.join("events.sqlite")).unwrap();
    database.execute_batch(LOG).unwrap();
    database.execute_batch(include_str!("../support/format_one.sql")).unwrap();
    database
}

struct FormatOne(TempDir);

#[async_trait]
impl Backend for FormatOne {
    async fn start() -> Self {
        let dir = TempDir::new().unwrap();
        make(dir.path());
        Self(dir)
    }

    async fn open(&self) -> Arc<dyn EventLog> {
        Arc::new(EmbeddedLog::open(self.0.path()).unwrap())
    }
}

chat_eventlog::conformance_suite!(FormatOne);

#[tokio::test]
async fn what_an_older_release_stored_is_gone_on_with_in_its_format() {
    let dir = TempDir::new().unwrap();
    let (database, mut author) = (make(dir.path()), Author::new());
    for event in author.events(2) {
        let (envelope, hash) = (&event.envelope, event.hash.as_bytes());
        let row = params![envelope.conversation_id.as_uuid().as_bytes(), envelope.version, hash, event.bytes];
        database
            .execute("INSERT INTO event (conversation, version, hash, bytes) VALUES (?1, ?2, ?3, ?4)", row)
            .unwrap();
    }
    let identity: [u8; 16] = database.query_row("SELECT identity FROM log", (), |row| row.get(0)).unwrap();
    drop(database);

    let log = EmbeddedLog::open(dir.path()).unwrap();
    assert_eq!(log.identity().0.as_bytes(), &identity);
    assert_eq!(log.read(author.conversation, 0).await.unwrap().len(), 2);
    assert_eq!(store(&log, &author.events(1)).await, Position::new(3));
    store(&log, &Author::new().events(2)).await;
    drop(log);

    let archive = EmbeddedArchive::open(dir.path()).unwrap();
    let found = archive.scan(Some(author.conversation), Position::new(1), 10).await.unwrap();
    assert_eq!(found.iter().map(|stored| stored.version).collect::<Vec<_>>(), [Some(2), Some(3)]);
    assert_eq!(first_faults(&archive).await.len(), 0);
    let database = Connection::open(dir.path().join("events.sqlite")).unwrap();
    let format: u32 = database.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let filed: u32 = database
        .query_row(
            "SELECT count(*) FROM event WHERE conversation = ?1",
            [author.conversation.as_uuid().as_bytes()],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!((format, filed), (1, 3));
}
