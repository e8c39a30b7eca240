//! The floor of the embedded log: one thread that inserts what waits in one transaction, and tells everyone after the fsync. No
//! expectations, no health, no subscribers.

use std::path::Path;

use anyhow::{Context, Result};
use chat_schema::SealedEvent;
use rusqlite::{Connection, params};
use tokio::sync::{mpsc, oneshot};

/// As the embedded log has them.
const SETTINGS: &str = "PRAGMA journal_mode = wal; PRAGMA synchronous = full; PRAGMA secure_delete = on;
    PRAGMA journal_size_limit = 67108864;";
/// The table one would begin with, and the log did.
const SCHEMA: &str = include_str!("../../eventlog/tests/support/format_one.sql");
const INSERT: &str = "INSERT INTO event (conversation, version, hash, bytes) VALUES (?1, ?2, ?3, ?4)";
const GROUP: usize = 512;
const WAITING: usize = 1024;

type Insert = (SealedEvent, oneshot::Sender<()>);

pub(crate) struct BareSqlite(mpsc::Sender<Insert>);

impl BareSqlite {
    pub(crate) fn open(file: &Path) -> Result<Self> {
        let connection = Connection::open(file)?;
        connection.execute_batch(SETTINGS)?;
        connection.execute_batch(SCHEMA)?;
        let (sender, inserts) = mpsc::channel(WAITING);
        std::thread::spawn(move || write(connection, inserts));
        Ok(Self(sender))
    }

    /// Returns when the event is durable.
    pub(crate) async fn insert(&self, event: SealedEvent) -> Result<()> {
        let (told, durable) = oneshot::channel();
        self.0.send((event, told)).await.ok().context("the writer died")?;
        durable.await.context("the insert failed")
    }
}

/// A failure ends it, and with it the bench.
fn write(mut connection: Connection, mut inserts: mpsc::Receiver<Insert>) -> rusqlite::Result<()> {
    let mut group = Vec::with_capacity(GROUP);
    while inserts.blocking_recv_many(&mut group, GROUP) > 0 {
        let transaction = connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached(INSERT)?;
            for (event, _) in &group {
                let (envelope, hash) = (&event.envelope, event.hash.as_bytes());
                insert.execute(params![
                    envelope.conversation_id.as_uuid().as_bytes(),
                    envelope.version,
                    hash,
                    event.bytes
                ])?;
            }
        }
        transaction.commit()?;
        for (_, told) in group.drain(..) {
            let _ = told.send(());
        }
    }
    Ok(())
}
