//! Models that are damaged, deleted or replaced under a running process are built again, and answer meanwhile if they can.

use std::fs;
use std::path::Path;

use chat_eventlog::{LogIdentity, Recorded};
use chat_schema::{ConversationId, Event, Head, SealedEvent, SessionId};
use rusqlite::Connection;
use tempfile::TempDir;

use super::log_double::LogDouble;
use super::{Following, at, until_above};
use crate::database;
use crate::models::Models;
use crate::prepared::Prepared;
use crate::search::aside::Aside;
use crate::{Filter, ReadError, State, StoreError};

async fn filled() -> Following {
    let log = LogDouble::new(1);
    for n in 0..200 {
        log.asks(&format!("visitor-{n}"), 1_000 + n, "m1", "hello");
        log.answered(&format!("visitor-{n}"), 2_000 + n, "m1", &"good day ".repeat(50));
    }
    Following::all_of(log).await
}

/// Rows of a fresh build.
async fn elsewhere(models: &Following) -> Vec<Vec<rusqlite::types::Value>> {
    let elsewhere = Following::start_in(tempfile::tempdir().unwrap(), models.log.clone());
    elsewhere.catch_up().await;
    elsewhere.rows()
}

/// Overwrites the first page of a table or an index.
fn damage(dir: &TempDir, name: &str) {
    let root = format!("SELECT rootpage FROM sqlite_schema WHERE name = '{name}'");
    let db = Connection::open(super::database(dir)).unwrap();
    let page: usize = db.query_row(&root, (), |row| row.get(0)).unwrap();
    db.close().unwrap();
    let mut bytes = fs::read(super::database(dir)).unwrap();
    bytes[(page - 1) * 4096..page * 4096].fill(0xAA);
    fs::write(super::database(dir), bytes).unwrap();
}

impl Following {
    async fn until_built_again(&self) {
        self.until(|status| status.state == State::Building).await;
        self.until(|status| status.state == State::Live).await;
    }
}

#[tokio::test]
async fn models_whose_file_is_deleted_are_built_again_while_the_old_ones_answer() {
    let models = filled().await;
    for everything in [false, true] {
        models.log.set_away(true);
        if everything {
            fs::remove_dir_all(models.dir.path()).unwrap();
        } else {
            for file in fs::read_dir(models.dir.path()).unwrap().map(Result::unwrap) {
                fs::remove_file(file.path()).unwrap();
            }
        }
        // What cannot be followed is looked for all the same.
        models.log.set_away(false);
        models.until(|status| status.state == State::Building).await;
        assert_eq!(models.page(1).await.total, 200);
        models.until(|status| status.state == State::Live).await;
        assert!(super::database(&models.dir).is_file());
        assert_eq!(models.rows(), elsewhere(&models).await);
    }
    models.log.asks("alice", 9_000, "m1", "hello");
    models.catch_up().await;
    assert_eq!(models.page(1).await.total, 201);
    let models = models.restart().await;
    assert_eq!(models.page(1).await.total, 201);
}

/// Files of a build that is going on, or was.
fn of_a_build(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains("next")).collect()
}

#[tokio::test]
async fn models_whose_file_is_replaced_are_built_again() {
    let models = filled().await;
    let copy = models.dir.path().join("copy");
    fs::write(&copy, "not a database").unwrap();
    fs::rename(copy, super::database(&models.dir)).unwrap();
    models.until_built_again().await;
    assert_eq!(models.rows(), elsewhere(&models).await);
    assert_eq!(of_a_build(models.dir.path()), Vec::<String>::new());
}

#[tokio::test]
async fn damage_that_a_write_comes_upon_is_built_over() {
    let (dir, log) = filled().await.stop().await;
    damage(&dir, "conversation");
    log.asks("alice", 9_000, "m1", "hello");
    let models = Following::start_in(dir, log);
    models.until(|status| status.state == State::Live && status.position == at(401)).await;
    assert_eq!(models.page(1).await.total, 201);
    assert_eq!(models.rows(), elsewhere(&models).await);
}

#[tokio::test]
async fn damage_that_reads_come_upon_is_built_over_once() {
    let (dir, log) = filled().await.stop().await;
    // Nothing that is only appended to.
    damage(&dir, "conversation_by_update");
    let models = Following::start_in(dir, log);
    models.until(|status| status.state == State::Live).await;
    until_above(&models.log.subscriptions, 1).await;
    let builds = *models.log.subscriptions.borrow();
    for _ in 0..3 {
        let read = models.models.conversations(Filter::default(), 10, None).await;
        assert!(matches!(read, Err(ReadError::Building)), "{read:?}");
    }
    models.until_built_again().await;
    assert_eq!(models.page(1).await.total, 200);
    assert_eq!(models.rows(), elsewhere(&models).await);
    models.log.asks("alice", 9_000, "m1", "hello");
    models.catch_up().await;
    assert_eq!(models.status().state, State::Live);
    // One more here, one elsewhere.
    assert_eq!(*models.log.subscriptions.borrow(), builds + 2);
}

#[tokio::test]
async fn what_a_build_that_was_cut_off_left_is_deleted() {
    let (dir, log) = filled().await.stop().await;
    for name in ["read-models.next.sqlite", "read-models.next-index.sqlite"] {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            fs::write(dir.path().join(format!("{name}{suffix}")), "half").unwrap();
        }
    }
    let models = Following::start_in(dir, log);
    models.catch_up().await;
    assert_eq!(of_a_build(models.dir.path()), Vec::<String>::new());
}

fn asked() -> SealedEvent {
    let session: SessionId = "alice".parse().unwrap();
    let (message_id, owner) = ("m1".parse().unwrap(), uuid::Uuid::nil().into());
    let id = ConversationId::of(&session);
    let event = Event::UserMessaged { message_id, session_id: session, content: "hello".to_owned(), owner };
    SealedEvent::seal(Head::EMPTY, id, uuid::Uuid::nil().into(), 1_000, event)
}

/// An index that cannot be filled any more, as when the disk is full.
#[tokio::test]
async fn a_build_whose_index_fails_says_so_and_cannot_be_put_in_place() {
    let dir = tempfile::tempdir().unwrap();
    let (tables, index) = (dir.path().join("tables"), dir.path().join("index"));
    let unfinished = |index: Connection| {
        let writer = database::create_unfinished(&tables, LogIdentity(uuid::Uuid::nil())).unwrap();
        Models::unfinished(&tables, writer, Aside::start(&dir.path().join("index"), index).unwrap()).unwrap()
    };
    let broken = || {
        let connection = database::create_index_aside(&index).unwrap();
        connection.execute_batch("DROP TABLE message_words").unwrap();
        connection
    };
    let events = [Prepared::from(Recorded { position: at(1), event: asked() })];
    let models = unfinished(broken());
    let deadline = std::time::Instant::now() + super::PATIENCE;
    // Some batches wait in front of the index.
    let error = loop {
        assert!(std::time::Instant::now() < deadline, "nothing fails");
        if let Err(error) = models.apply(&events, at(0), at(9)) {
            break error;
        }
    };
    assert!(matches!(error, StoreError::Index(_)) && error.is_corrupt(), "{error}");
    assert!(error.to_string().contains("no such table: message_words"), "{error}");
    drop(models);

    for file in [&tables, &index] {
        fs::remove_file(file).unwrap();
    }
    let models = unfinished(broken());
    models.apply(&events, at(0), at(9)).unwrap();
    assert!(models.close().unwrap_err().to_string().contains("no such table: message_words"));
}
