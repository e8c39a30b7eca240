//! One database file with all read models: written through one connection, read through a few.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_eventlog::{LogIdentity, Position};
use chat_schema::ConversationId;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use tokio::sync::Notify;

use crate::batch::{Batch, FirstEvents};
use crate::checkpoint::{self, Checkpoint};
use crate::open_error::OpenError;
use crate::prepared::Prepared;
use crate::readers::Readers;
use crate::search::aside::Aside;
use crate::store::StoreError;
use crate::tables;
use crate::versions::Step;

/// Bytes for the index after which it is told before the batch ends: an erasure takes out all that its conversation ever said.
const INDEX_BYTES: usize = 8 << 20;

/// What became of a batch of events.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Applied {
    /// Position of the last event applied.
    pub(crate) position: Position,
    /// The event that could not follow, if there was one.
    pub(crate) gap: Option<Gap>,
    /// Whether a conversation's content was erased.
    pub(crate) erased: bool,
}

/// An event whose predecessor never came.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "event at position {position} is version {found} of conversation {conversation}, but version {expected} is \
     missing from the log: check the log, then start again"
)]
pub(crate) struct Gap {
    position: Position,
    conversation: ConversationId,
    expected: u64,
    found: u64,
}

/// An open database. Its calls block, except reads.
pub(crate) struct Models {
    pub(crate) readers: Arc<Readers>,
    /// A read came upon damage.
    pub(crate) damage: Notify,
    writer: Mutex<Writer>,
    file: PathBuf,
    /// Device and number of the file.
    inode: (u64, u64),
}

struct Writer {
    tables: Connection,
    /// Where the full-text index is, while it is not in the tables.
    aside: Option<Aside>,
}

impl Models {
    /// The models in `file`, which `tables` has open.
    pub(crate) fn of(file: &Path, tables: Connection) -> Result<Self, OpenError> {
        Self::written_by(file, Writer { tables, aside: None })
    }

    /// As [`Models::of`], with the full-text index `aside` until they are closed.
    pub(crate) fn unfinished(file: &Path, tables: Connection, aside: Aside) -> Result<Self, OpenError> {
        Self::written_by(file, Writer { tables, aside: Some(aside) })
    }

    fn written_by(file: &Path, writer: Writer) -> Result<Self, OpenError> {
        let inode = inode(file)?;
        Ok(Self {
            readers: Arc::new(Readers::new(file.to_owned())),
            damage: Notify::new(),
            writer: Mutex::new(writer),
            file: file.to_owned(),
            inode,
        })
    }

    /// Whether the file is still where it was opened: neither deleted nor replaced.
    pub(crate) fn is_in_place(&self) -> bool {
        inode(&self.file).is_ok_and(|inode| inode == self.inode)
    }

    pub(crate) fn checkpoint(&self) -> rusqlite::Result<Checkpoint> {
        checkpoint::load(&self.writer().tables)
    }

    /// Whether the end of the log was ever reached.
    pub(crate) fn is_whole(&self) -> rusqlite::Result<bool> {
        checkpoint::is_whole(&self.writer().tables)
    }

    /// Throws every row away, to begin before the first event of `log`.
    pub(crate) fn begin_anew(&self, log: LogIdentity) -> rusqlite::Result<()> {
        let mut writer = self.writer();
        let transaction = writer.tables.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tables::clear(&transaction, log)?;
        transaction.commit()
    }

    /// Applies `events`, up to a gap, after those up to `from`, in one transaction with the checkpoint. The models are
    /// whole once that is `goal` or beyond.
    pub(crate) fn apply(&self, events: &[Prepared], from: Position, goal: Position) -> Result<Applied, StoreError> {
        match self.apply_with(FirstEvents::OfNewConversations { after: from }, events, from, goal) {
            // The log holds the first event of a conversation twice, which contradicts what was taken for granted.
            Err(StoreError::Sqlite(error)) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                self.apply_with(FirstEvents::OfAny, events, from, goal)
            }
            applied => applied,
        }
    }

    fn apply_with(
        &self,
        first_events: FirstEvents,
        events: &[Prepared],
        from: Position,
        goal: Position,
    ) -> Result<Applied, StoreError> {
        let mut writer = self.writer();
        let Writer { tables, aside } = &mut *writer;
        let transaction = tables.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut applied = Applied { position: from, gap: None, erased: false };
        let mut batch = Batch::begin(&transaction, first_events)?;
        for prepared in events {
            if let Step::Gap { expected } = batch.apply(prepared)? {
                let Prepared { position, envelope, .. } = prepared;
                let (conversation, found) = (envelope.conversation_id, envelope.version);
                applied.gap = Some(Gap { position: *position, conversation, expected, found });
                break;
            }
            applied.position = applied.position.max(prepared.position);
            if aside.is_none() && batch.index().size() > INDEX_BYTES {
                std::mem::take(batch.index()).write(&transaction)?;
            }
        }
        let (index, erased) = batch.finish()?;
        applied.erased = erased;
        if aside.is_none() {
            index.write(&transaction)?;
        }
        checkpoint::advance(&transaction, applied.position, goal)?;
        transaction.commit()?;
        if let Some(aside) = aside {
            // Now, as a transaction that fails is begun again.
            aside.write(index).map_err(StoreError::Index)?;
        }
        Ok(applied)
    }

    /// Works the write-ahead log into the database and empties it; false while a read is in the way.
    pub(crate) fn truncate_wal(&self) -> rusqlite::Result<bool> {
        let busy: bool = self.writer().tables.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get(0))?;
        Ok(!busy)
    }

    /// Closes all connections, so that the one file is all there is of it.
    pub(crate) fn close(self) -> Result<(), StoreError> {
        drop(self.readers);
        let Writer { tables, aside } = self.writer.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(aside) = aside {
            aside.join(&tables).map_err(StoreError::Index)?;
        }
        tables.close().map_err(|(_, error)| error.into())
    }

    /// A panic while the lock was held rolled its transaction back, so the connection can be used on.
    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn inode(file: &Path) -> std::io::Result<(u64, u64)> {
    let metadata = std::fs::metadata(file)?;
    Ok((metadata.dev(), metadata.ino()))
}
