//! How fast read models are built anew from either log, beside a bare insert of the same rows and the same full-text index, in turn in
//! the same run; and how soon models that are there already are live again. `cargo xtask bench rebuild [--conversations N]`.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench that meets an error has failed")]

#[path = "support/jetstream.rs"]
mod jetstream;
mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chat_eventlog::embedded::EmbeddedLog;
use chat_eventlog::{Append, EventLog};
use chat_projections::{CaughtUp, ReadModels, Rebuild};
use futures_util::stream::{self, StreamExt};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

const ROUNDS: usize = 5;
const DATABASE: &str = "read-models.sqlite";
/// As the projection: messages of a transaction. It takes 4000 events at once, of which about so many are messages.
const BATCH: usize = 3600;

/// What the bare insert writes, ready-made.
struct Rows {
    /// Makes the tables and indexes.
    schema: Vec<String>,
    /// The rows of each table, messages aside.
    tables: Vec<(Insert, Vec<Vec<Value>>)>,
    /// Each with the words of its index entry.
    messages: Vec<(Vec<Value>, String)>,
}

/// The statement that inserts into a table.
struct Insert(String);

#[tokio::main]
async fn main() {
    let dir = support::directory();
    let embedded: Arc<dyn EventLog> = Arc::new(EmbeddedLog::open(&dir.path().join("log")).unwrap());
    let (_server, jetstream) = jetstream::log().await;
    let jetstream: Arc<dyn EventLog> = Arc::new(jetstream);
    let conversations = support::conversations(40_000);
    fill(embedded.as_ref(), conversations).await;
    fill(jetstream.as_ref(), conversations).await;
    let (first, events) = (dir.path().join("first"), embedded.end().await.unwrap().get());
    rebuild(&first, &embedded).await;
    let rows = Rows::of(&Connection::open(first.join(DATABASE)).unwrap());
    println!("{events} events, {} messages", rows.messages.len());
    let mut ratios = [Vec::new(), Vec::new()];
    for round in 1..=ROUNDS {
        let mut took = [Duration::ZERO; 2];
        for (log, took) in [&embedded, &jetstream].into_iter().zip(&mut took) {
            *took = timed(&dir.path().join("ours"), async |dir| rebuild(dir, log).await).await;
        }
        let bare = timed(&dir.path().join("floor"), async |dir| rows.insert(&dir.join(DATABASE))).await;
        let beside = took.map(|took| bare.as_secs_f64() / took.as_secs_f64());
        println!(
            "round {round}: rebuilt in {:.2?} ({:.2}), from JetStream in {:.2?} ({:.2}), bare insert {bare:.2?}",
            took[0], beside[0], took[1], beside[1]
        );
        ratios.iter_mut().zip(beside).for_each(|(ratios, ratio)| ratios.push(ratio));
    }
    let [embedded_ratios, jetstream_ratios] = ratios.map(support::spread);
    println!("of the bare insert's speed, from an embedded log: {embedded_ratios}");
    println!("of the bare insert's speed, from JetStream: {jetstream_ratios}");
    restart(&first, &embedded).await;
}

/// How long `work` takes in `dir`, which is there for it alone.
async fn timed(dir: &Path, work: impl AsyncFnOnce(&Path)) -> Duration {
    std::fs::create_dir(dir).unwrap();
    let begin = Instant::now();
    work(dir).await;
    let took = begin.elapsed();
    std::fs::remove_dir_all(dir).unwrap();
    took
}

async fn restart(dir: &Path, log: &Arc<dyn EventLog>) {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let models = Arc::new(ReadModels::open(dir, log.identity()).unwrap());
        let following = tokio::spawn(Arc::clone(&models).follow(log.clone()));
        while models.status().state != chat_projections::State::Live {
            tokio::task::yield_now().await;
        }
        assert_eq!(models.caught_up(log.end().await.unwrap(), Duration::ZERO).await, CaughtUp::Reached);
        times.push(begin.elapsed().as_secs_f64() * 1000.0);
        following.abort();
        drop((models, following.await));
    }
    println!("live again after a restart, in ms: {}", support::spread(times));
}

async fn fill(log: &dyn EventLog, conversations: u64) {
    let samples = support::samples(conversations);
    let mut appends = stream::iter(0..conversations)
        .map(|number| {
            let events = samples.conversation(number);
            async move { log.append(events[0].envelope.conversation_id, 0, &events).await }
        })
        .buffered(512);
    while let Some(outcome) = appends.next().await {
        assert!(matches!(outcome, Append::Appended(_)), "{outcome:?}");
    }
}

async fn rebuild(dir: &Path, log: &Arc<dyn EventLog>) {
    Rebuild::of(dir).unwrap().run(log.clone(), |_| ()).await.unwrap();
}

impl Rows {
    fn of(built: &Connection) -> Self {
        let texts = |sql: &str| -> Vec<String> {
            let mut all = built.prepare(sql).unwrap();
            all.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        let schema = texts("SELECT sql FROM sqlite_schema WHERE sql NOT NULL AND name NOT LIKE 'message_words_%'");
        let names = texts(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'message%' AND name NOT LIKE 'sqlite%'",
        );
        let tables = names.into_iter().map(|name| (Insert::into(&name, built), rows(built, &name))).collect();
        Self {
            schema,
            tables,
            messages: rows(built, "message ORDER BY number").into_iter().zip(words(built)).collect(),
        }
    }

    fn insert(&self, file: &Path) {
        let mut db = Connection::open(file).unwrap();
        // As the database that serves has them.
        db.execute_batch(
            "PRAGMA journal_mode = wal; PRAGMA synchronous = normal; PRAGMA secure_delete = on;
             PRAGMA wal_autocheckpoint = 10000; PRAGMA cache_size = -32768",
        )
        .unwrap();
        db.set_prepared_statement_cache_capacity(64);
        self.schema.iter().for_each(|sql| db.execute_batch(sql).unwrap());
        db.execute_batch("INSERT INTO message_words (message_words, rank) VALUES ('secure-delete', 1)").unwrap();
        let message = Insert::into("message", &db);
        let batches = self.messages.chunks(BATCH);
        let count = batches.len();
        for (number, batch) in batches.enumerate() {
            let transaction = db.transaction().unwrap();
            for (row, words) in batch {
                message.row(&transaction, row);
                let mut index = transaction.prepare_cached("INSERT INTO message_words (rowid, words) VALUES (?1, ?2)");
                index.as_mut().unwrap().execute((&row[0], words)).unwrap();
            }
            for (insert, rows) in &self.tables {
                // As many of each as belong to these messages.
                let share = |number: usize| rows.len() * number / count;
                rows[share(number)..share(number + 1)].iter().for_each(|row| insert.row(&transaction, row));
            }
            transaction.commit().unwrap();
        }
        db.close().unwrap();
    }
}

impl Insert {
    fn into(table: &str, db: &Connection) -> Self {
        let columns = db.prepare(&format!("SELECT * FROM {table}")).unwrap().column_count();
        Self(format!("INSERT INTO {table} VALUES ({})", vec!["?"; columns].join(", ")))
    }

    fn row(&self, db: &Connection, row: &[Value]) {
        db.prepare_cached(&self.0).unwrap().execute(params_from_iter(row)).unwrap();
    }
}

fn rows(db: &Connection, table: &str) -> Vec<Vec<Value>> {
    let mut all = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let columns = all.column_count();
    let found = all.query_map((), |row| (0..columns).map(|column| row.get(column)).collect()).unwrap();
    found.map(Result::unwrap).collect()
}

/// The words of each message, as the index has them, in the order of the messages.
fn words(db: &Connection) -> Vec<String> {
    db.execute_batch("CREATE VIRTUAL TABLE temp.word USING fts5vocab(main, message_words, instance)").unwrap();
    let mut all = db.prepare("SELECT doc, group_concat(term, ' ') FROM temp.word GROUP BY doc ORDER BY doc").unwrap();
    all.query_map((), |row| row.get(1)).unwrap().map(Result::unwrap).collect()
}
