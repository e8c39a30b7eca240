//! A change of what is stored is found, whichever byte it is.

use chat_eventlog::archive::Archive;
use chat_eventlog::conformance::{Author, store};
use chat_eventlog::embedded::{EmbeddedArchive, EmbeddedLog};
use chat_eventlog::{EventLog, Position};
use rusqlite::types::Value;
use rusqlite::{Connection, params};
use tempfile::TempDir;

use crate::format_one;
use crate::looking::{first_faults, with_one_byte_changed};

/// One stored event, as the file has it.
struct Row {
    position: u64,
    conversation: Value,
    version: u64,
    hash: Vec<u8>,
    bytes: Vec<u8>,
}

/// A log of two conversations, one of which was erased and went on.
async fn log() -> (TempDir, Connection, Vec<Row>) {
    log_in(TempDir::new().unwrap()).await
}

/// As [`log`], in a directory that may have an empty log.
async fn log_in(dir: TempDir) -> (TempDir, Connection, Vec<Row>) {
    let log = EmbeddedLog::open(dir.path()).unwrap();
    let (mut one, mut erased) = (Author::new(), Author::new());
    store(&log, &erased.events(2)).await;
    store(&log, &one.events(1)).await;
    let erasure = erased.erasure();
    store(&log, std::slice::from_ref(&erasure)).await;
    log.erase(&erasure).await.unwrap();
    store(&log, &erased.events(1)).await;
    store(&log, &one.events(3)).await;
    drop(log);
    let database = Connection::open(dir.path().join("events.sqlite")).unwrap();
    database.pragma_update(None, "synchronous", "off").unwrap();
    let rows = {
        let mut rows = database.prepare("SELECT position, conversation, version, hash, bytes FROM event").unwrap();
        let row = |row: &rusqlite::Row<'_>| {
            let (position, conversation, version) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Row { position, conversation, version, hash: row.get(3)?, bytes: row.get(4)? })
        };
        rows.query_map((), row).unwrap().map(Result::unwrap).collect()
    };
    (dir, database, rows)
}

fn set(database: &Connection, column: &str, value: &dyn rusqlite::ToSql, position: u64) {
    let sql = format!("UPDATE event SET {column} = ?1 WHERE position = ?2");
    assert_eq!(database.prepare_cached(&sql).unwrap().execute(params![value, position]).unwrap(), 1);
}

#[tokio::test]
async fn a_changed_byte_of_any_event_is_found_and_that_event_is_named() {
    let of_format_one = TempDir::new().unwrap();
    format_one::make(of_format_one.path());
    for (dir, database, rows) in [log().await, log_in(of_format_one).await] {
        every_change_is_found(&dir, &database, &rows).await;
    }
}

async fn every_change_is_found(dir: &TempDir, database: &Connection, rows: &[Row]) {
    let archive = EmbeddedArchive::open(dir.path()).unwrap();
    assert_eq!((rows.len(), first_faults(&archive).await.len()), (6, 0));
    let mut changes = 0;
    for row in rows {
        for (column, stored) in [("hash", &row.hash), ("bytes", &row.bytes)] {
            for (index, changed) in with_one_byte_changed(stored) {
                set(database, column, &changed, row.position);
                let first = first_faults(&archive).await.into_values().min();
                let found = first == Some(Position::new(row.position));
                assert!(found, "{column} of {}, byte {index}: {first:?}", row.position);
                changes += 1;
            }
            set(database, column, stored, row.position);
        }
        for changed in other_conversations(&row.conversation) {
            set(database, "conversation", &changed, row.position);
            let first = first_faults(&archive).await.into_values().min();
            assert_eq!(first, Some(Position::new(row.position)), "filed under {changed:?}");
        }
        set(database, "conversation", &row.conversation, row.position);
        for version in [0, row.version + 1000] {
            set(database, "version", &version, row.position);
            assert_eq!(first_faults(&archive).await.into_values().min(), Some(Position::new(row.position)));
        }
        set(database, "version", &row.version, row.position);
    }
    assert_eq!(first_faults(&archive).await.len(), 0, "everything was put back");
    assert!(changes > 5000, "{changes} changes are not all");
}

/// What else an event may be filed under: ids with one byte changed, numbers that no conversation has.
fn other_conversations(filed: &Value) -> Vec<Value> {
    match filed {
        Value::Blob(id) => with_one_byte_changed(id).map(|(_, changed)| Value::Blob(changed)).collect(),
        _ => vec![Value::Integer(0), Value::Integer(1000)],
    }
}

#[tokio::test]
async fn a_changed_or_missing_id_of_a_conversation_is_found_at_its_first_event() {
    let (dir, database, rows) = log().await;
    let archive = EmbeddedArchive::open(dir.path()).unwrap();
    let mut numbers: Vec<(i64, Vec<u8>)> = {
        let mut conversations = database.prepare("SELECT number, id FROM conversation").unwrap();
        conversations.query_map((), |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
    };
    let first_event =
        |number: i64| rows.iter().find(|row| row.conversation == Value::Integer(number)).unwrap().position;
    let set = |number: i64, id: &[u8]| {
        database.execute("UPDATE conversation SET id = ?2 WHERE number = ?1", params![number, id]).unwrap();
    };
    for (number, id) in &numbers {
        for (index, changed) in with_one_byte_changed(id) {
            set(*number, &changed);
            let first = first_faults(&archive).await.into_values().min();
            assert_eq!(first, Some(Position::new(first_event(*number))), "byte {index} of {number}");
        }
        set(*number, id);
    }
    assert_eq!((first_faults(&archive).await.len(), numbers.len()), (0, 2));

    let [(one, its_id), (other, other_id)] = &numbers[..] else { panic!("there are two") };
    set(*one, b"0123456789abcdef");
    set(*other, its_id);
    set(*one, other_id);
    let first = first_event(*one).min(first_event(*other));
    assert_eq!(first_faults(&archive).await.into_values().min(), Some(Position::new(first)), "both changed places");
    set(*other, b"0123456789abcdef");
    set(*one, its_id);
    set(*other, other_id);

    let (gone, _) = numbers.remove(0);
    database.execute("DELETE FROM conversation WHERE number = ?1", [gone]).unwrap();
    let found = archive.scan(None, Position::START, 100).await.unwrap();
    assert_eq!(found.len(), rows.len(), "an event without a conversation is still shown");
    assert_eq!(first_faults(&archive).await.into_values().min(), Some(Position::new(first_event(gone))));
}

#[tokio::test]
async fn a_missing_event_and_two_that_changed_places_are_found() {
    let (dir, database, rows) = log().await;
    let archive = EmbeddedArchive::open(dir.path()).unwrap();
    // The second conversation's, but for its last: a dropped end shows only beside heads that were kept elsewhere.
    let [first, second, third, last] = [0, 3, 4, 5].map(|index: usize| &rows[index]);
    assert!([first, second, third].iter().all(|row| row.conversation == last.conversation));
    for (gone, noticed_at) in [(first, second), (second, third), (third, last)] {
        database.execute("DELETE FROM event WHERE position = ?1", [gone.position]).unwrap();
        assert_eq!(first_faults(&archive).await.into_values().min(), Some(Position::new(noticed_at.position)));
        database
            .execute(
                "INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5)",
                params![gone.position, gone.conversation, gone.version, gone.hash, gone.bytes],
            )
            .unwrap();
    }
    for (from, to) in [(second.position, 1000), (third.position, second.position), (1000, third.position)] {
        database.execute("UPDATE event SET position = ?2 WHERE position = ?1", [from, to]).unwrap();
    }
    assert_eq!(first_faults(&archive).await.into_values().min(), Some(Position::new(second.position)));
}
