//! What is kept over a restart, and what is thrown away.

use std::fs;
use std::sync::Arc;

use super::log_double::LogDouble;
use super::{Following, at, conversation, database, refusal};
use crate::{OpenError, State, tables};

/// Models of a log with 200 conversations.
async fn filled() -> Following {
    let log = LogDouble::new(1);
    for n in 0..200 {
        log.asks(&format!("visitor-{n}"), 1_000 + n, "m1", "hello");
        log.answered(&format!("visitor-{n}"), 2_000 + n, "m1", &"good day ".repeat(50));
    }
    Following::all_of(log).await
}

#[tokio::test]
async fn a_restart_replays_nothing() {
    let models = filled().await;
    assert_eq!(models.log.delivered(), 400);
    let before = models.rows();

    let models = models.restart().await;
    assert_eq!(models.log.delivered(), 400);
    assert_eq!(models.rows(), before);
    models.log.asks("alice", 9_000, "m1", "hello");
    models.catch_up().await;
    assert_eq!(models.log.delivered(), 401);
    assert_eq!(models.page(1).await.total, 201);
}

#[tokio::test]
async fn a_deleted_directory_is_built_again_as_it_was() {
    let models = filled().await;
    let before = models.rows();
    let (dir, log) = models.stop().await;
    fs::remove_dir_all(dir.path()).unwrap();

    let models = Following::start_in(dir, log);
    models.catch_up().await;
    assert_eq!(models.log.delivered(), 800);
    assert_eq!(models.rows(), before);
}

#[tokio::test]
async fn models_of_another_log_are_built_anew() {
    let (dir, _) = filled().await.stop().await;
    let other = LogDouble::new(2);
    other.asks("alice", 1_000, "m1", "hello");
    let models = Following::start_in(dir, Arc::new(other));
    models.catch_up().await;
    assert_eq!(models.page(1).await.total, 1);
    assert_eq!(models.models.thread(conversation("visitor-1"), None, None).await.unwrap(), None);
}

#[tokio::test]
async fn models_of_another_format_are_built_anew() {
    for format in [0, tables::FORMAT + 1, 77] {
        let models = filled().await;
        let before = models.rows();
        models.database().pragma_update(None, "user_version", format).unwrap();
        let models = models.restart().await;
        assert_eq!(models.log.delivered(), 800, "format {format}");
        assert_eq!(models.rows(), before);
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_built_anew() {
    for garbage in ["", "x", &"not a database ".repeat(1_000)] {
        let models = filled().await;
        let before = models.rows();
        let (dir, log) = models.stop().await;
        fs::write(database(&dir), garbage).unwrap();
        let models = Following::start_in(dir, log);
        models.catch_up().await;
        assert_eq!(models.log.delivered(), 800, "{} bytes", garbage.len());
        assert_eq!(models.rows(), before);
    }
}

#[tokio::test]
async fn a_damaged_database_is_built_anew() {
    let models = filled().await;
    let before = models.rows();
    let (dir, log) = models.stop().await;
    let mut bytes = fs::read(database(&dir)).unwrap();
    bytes[100..8192].fill(0xAA);
    fs::write(database(&dir), bytes).unwrap();
    let models = Following::start_in(dir, log);
    models.catch_up().await;
    assert_eq!(models.log.delivered(), 800);
    assert_eq!(models.rows(), before);
}

#[tokio::test]
async fn a_checkpoint_beyond_the_log_s_end_is_built_anew() {
    let (dir, log) = filled().await.stop().await;
    log.truncate(at(100));
    let models = Following::start_in(dir, log);
    models.until(|status| status.position == at(100) && status.state == State::Live).await;
    assert_eq!(models.log.delivered(), 500);
    assert_eq!(models.page(1).await.total, 50);
    assert_eq!(models.models.thread(conversation("visitor-60"), None, None).await.unwrap(), None);

    let elsewhere = Following::start_in(tempfile::tempdir().unwrap(), models.log.clone());
    elsewhere.catch_up().await;
    assert_eq!(models.rows(), elsewhere.rows());
}

#[tokio::test]
async fn a_directory_is_used_by_one_at_a_time() {
    let models = filled().await;
    let error = refusal(models.dir.path(), &models.log);
    assert!(matches!(error, OpenError::Locked), "{error}");
    assert_eq!(models.restart().await.page(1).await.total, 200);
}

#[test]
fn a_place_that_cannot_be_a_directory_is_refused_with_a_remedy() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for path in [file.path().to_owned(), file.path().join("below")] {
        let error = refusal(&path, &LogDouble::new(1)).to_string();
        assert!(error.starts_with("it cannot be used") && error.contains("check that it is a directory"), "{error}");
    }
}

#[test]
fn a_directory_in_the_place_of_the_database_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(database(&dir)).unwrap();
    let error = refusal(dir.path(), &LogDouble::new(1));
    assert!(matches!(error, OpenError::NotWritable(_)), "{error}");
    assert!(database(&dir).is_dir());
}
