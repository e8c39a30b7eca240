//! The index of models that are built beside others: a thread fills it in a file of its own while another fills the tables, and it
//! joins them in the end.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, ffi};

use super::index::Changes;

/// Batches that may wait: one for which FTS5 merges takes far longer than the others.
const WAITING: usize = 4;

/// These tables are all that FTS5 keeps of an index without texts.
const JOIN: &str = "
    DELETE FROM message_words_data;
    INSERT INTO message_words_data SELECT * FROM aside.message_words_data;
    DELETE FROM message_words_idx;
    INSERT INTO message_words_idx SELECT * FROM aside.message_words_idx;
    DELETE FROM message_words_config;
    INSERT INTO message_words_config SELECT * FROM aside.message_words_config;
";

/// An index that is being filled.
pub(crate) struct Aside {
    file: PathBuf,
    changes: SyncSender<Changes>,
    /// Until it was asked what became of it.
    thread: Option<JoinHandle<rusqlite::Result<()>>>,
}

impl Aside {
    /// Fills the empty `index`, whose file is `file`.
    pub(crate) fn start(file: &Path, index: Connection) -> std::io::Result<Self> {
        let (changes, received) = sync_channel(WAITING);
        let thread = thread::Builder::new().name("index".to_owned()).spawn(move || fill(index, &received))?;
        Ok(Self { file: file.to_owned(), changes, thread: Some(thread) })
    }

    /// Hands `changes` over. After an error the index is not what was written to it, and cannot become so.
    pub(crate) fn write(&mut self, changes: Changes) -> rusqlite::Result<()> {
        if self.changes.send(changes).is_ok() {
            return Ok(());
        }
        ended(self.thread.take()).and(Err(interrupted()))
    }

    /// Puts all of it into `tables`, whose own index is empty.
    pub(crate) fn join(self, tables: &Connection) -> rusqlite::Result<()> {
        drop(self.changes);
        ended(self.thread)?;
        tables.execute("ATTACH ?1 AS aside", [self.file.to_string_lossy()])?;
        tables.execute_batch(JOIN)?;
        tables.execute_batch("DETACH aside")
    }
}

fn fill(mut index: Connection, batches: &Receiver<Changes>) -> rusqlite::Result<()> {
    for changes in batches {
        let transaction = index.transaction()?;
        changes.write(&transaction)?;
        transaction.commit()?;
    }
    index.close().map_err(|(_, error)| error)
}

/// What became of the thread.
fn ended(thread: Option<JoinHandle<rusqlite::Result<()>>>) -> rusqlite::Result<()> {
    thread.and_then(|thread| thread.join().ok()).unwrap_or_else(|| Err(interrupted()))
}

fn interrupted() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_INTERRUPT), None)
}
