//! Nothing of an erased conversation is left in any file.

use std::fs;
use std::path::Path;

use super::Following;
use super::log_double::LogDouble;
use crate::{Filter, Query};

/// Begins like no other word here, so that no index shortens it by what it shares with its neighbours.
const CANARY: &str = "zqxcanary7731";

/// Files below `dir` that hold `text`, in whatever case.
fn files_with(dir: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for file in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let bytes = fs::read(file.path()).unwrap().to_ascii_lowercase();
        if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
            found.push(file.file_name().into_string().unwrap());
        }
    }
    found
}

/// Messages whose rows and index fill many pages.
fn chatter(log: &LogDouble, from: u64, to: u64) {
    for n in from..to {
        let session = format!("visitor-{}", n % 97);
        log.asks(&session, n, &format!("m{n}"), &format!("question {n} about order{} and more", n * 7919 % 10_007));
        log.answered(
            &session,
            n,
            &format!("m{n}"),
            &"an answer of some length, so that pages fill; ".repeat(1 + n as usize % 9),
        );
    }
}

#[tokio::test]
async fn after_an_erasure_no_file_holds_a_word_of_it() {
    let log = LogDouble::new(1);
    chatter(&log, 0, 2_000);
    let models = Following::all_of(log).await;
    let log = &models.log;
    for n in 0..40 {
        let message = format!("{CANARY}-{n}");
        log.asks(CANARY, 5_000, &message, &format!("my name is {CANARY} and {CANARY}{n}"));
        log.answered(
            CANARY,
            5_000,
            &message,
            &format!("dear Zqxcanary7731, {}", CANARY.repeat(if n == 3 { 5_000 } else { 9 })),
        );
        chatter(log, 2_000 + n * 50, 2_050 + n * 50);
        models.catch_up().await;
    }
    assert!(!files_with(models.dir.path(), CANARY).is_empty(), "the test would not find it");
    // A copy of it that no table refers to any more is found as well.
    models.models.wipe_traces().await.unwrap();
    assert_eq!(files_with(models.dir.path(), CANARY), ["read-models.sqlite"]);

    log.erased(CANARY, 6_000, 80);
    models.catch_up().await;
    models.models.wipe_traces().await.unwrap();
    assert_eq!(files_with(models.dir.path(), CANARY), Vec::<String>::new());

    let query = Query::parse(CANARY).unwrap();
    assert_eq!(models.models.search(query, Filter::default(), 10, None).await.unwrap().total, 0);
    models.database().execute_batch("INSERT INTO message_words (message_words) VALUES ('integrity-check')").unwrap();
    let whole: String = models.database().query_row("PRAGMA integrity_check", (), |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
    let still = models.models.search(Query::parse("question").unwrap(), Filter::default(), 200, None).await.unwrap();
    assert_eq!(still.total, 97, "nobody else's words are gone");
}

#[tokio::test]
async fn the_files_are_clean_without_being_asked_soon_after_the_erasure() {
    let log = LogDouble::new(1);
    log.asks("alice", 1_000, "m1", CANARY);
    let models = Following::all_of(log).await;
    models.log.erased("alice", 2_000, 1);
    models.catch_up().await;
    let deadline = std::time::Instant::now() + super::PATIENCE;
    while !files_with(models.dir.path(), CANARY).is_empty() {
        assert!(std::time::Instant::now() < deadline, "it stays");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_erasure_that_was_applied_just_before_a_crash_leaves_no_trace_after_the_next_start() {
    let log = LogDouble::new(1);
    log.asks("alice", 1_000, "m1", CANARY);
    log.asks("bob", 1_000, "m1", "hello");
    let models = Following::all_of(log).await;
    // What a crash leaves: rows gone, the write-ahead log as it was.
    let files: Vec<_> = fs::read_dir(models.dir.path())
        .unwrap()
        .map(|file| file.unwrap())
        .map(|file| (file.file_name(), fs::read(file.path()).unwrap()))
        .collect();
    let (dir, log) = models.stop().await;
    for (name, bytes) in files {
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    log.erased("alice", 2_000, 1);
    let models = Following::start_in(dir, log);
    models.catch_up().await;
    models.models.wipe_traces().await.unwrap();
    assert_eq!(files_with(models.dir.path(), CANARY), Vec::<String>::new());
    assert_eq!(models.page(10).await.total, 1);
}

#[tokio::test]
async fn an_erasure_of_more_than_the_index_is_told_at_once_takes_out_all_of_it() {
    let log = LogDouble::new(1);
    for n in 0..2 {
        let words = (0..250_000).map(|word| format!("{CANARY}{n}x{word:08} "));
        log.asks("mallory", 1_000 + n, &format!("m{n}"), &words.collect::<String>());
    }
    let models = Following::all_of(log).await;
    models.log.set_away(true);
    models.log.asks("bob", 2_000, "m1", "said before");
    models.log.erased("mallory", 3_000, 2);
    models.log.asks("bob", 4_000, "m2", "said after");
    models.log.set_away(false);
    models.catch_up().await;
    models.models.wipe_traces().await.unwrap();
    assert_eq!(files_with(models.dir.path(), CANARY), Vec::<String>::new());
    models.database().execute_batch("INSERT INTO message_words (message_words) VALUES ('integrity-check')").unwrap();
    for (word, total) in [(CANARY, 0), ("before", 1), ("after", 1)] {
        let query = Query::parse(word).unwrap();
        assert_eq!(models.models.search(query, Filter::default(), 10, None).await.unwrap().total, total, "{word}");
    }
}
