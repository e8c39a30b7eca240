//! The read models as the rest of the server sees them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chat_eventlog::{EventLog, LogIdentity, Position};
use chat_schema::{ConversationId, ConversationPage, OwnerId, Statistics, Thread};
use rusqlite::Connection;
use tokio::sync::watch;

use crate::conversation_list::Filter;
use crate::cursor::{Cursor, SearchCursor, ThreadCursor};
use crate::open_error::OpenError;
use crate::runner::Runner;
use crate::search::Query;
use crate::statistics::Period;
use crate::status::{CaughtUp, State, Status};
use crate::store::{Store, StoreError, blocking};
use crate::{checkpoint, conversation, conversation_list, search, statistics, threads};

/// Why a read has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The models never held the whole log yet, what they hold would look complete and not be; or they were damaged, and are
    /// built again.
    #[error("the read models are being built: try again shortly")]
    Building,
    /// The models stopped at an event they cannot apply; [`ReadModels::status`] says where and why.
    #[error("the read models have stopped: their status says what to do")]
    Stopped,
    /// The database could not be read.
    #[error("the read models cannot be read ({0}): if it stays so, stop, delete their directory, and start again")]
    Store(#[from] StoreError),
}

/// Read models of one log, in a directory of their own.
pub struct ReadModels {
    store: Arc<Store>,
    pub(crate) status: watch::Sender<Status>,
}

impl ReadModels {
    /// Opens the read models of `log` in `dir`, or begins them anew when there are none or what is there is of another
    /// log, of another release's format, or damaged. Blocks.
    ///
    /// # Errors
    /// The directory is another process's, or cannot be written.
    pub fn open(dir: &Path, log: LogIdentity) -> Result<Self, OpenError> {
        let store = Store::open(dir, log)?;
        let current = store.current();
        let (position, anew) = (current.checkpoint()?.position, !current.is_whole()?);
        let (status, _) = watch::channel(Status { position, state: State::Building, anew, waits_for: None });
        Ok(Self { store: Arc::new(store), status })
    }

    /// Follows `log` until it is closed, or until an event comes that cannot be applied. Dropping the future ends it
    /// too.
    pub async fn follow(self: Arc<Self>, log: Arc<dyn EventLog>) {
        Runner::new(self.store.clone(), log, &self.status).run().await;
    }

    /// How far the models are.
    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// Waits until reads see the event at `position`, no longer than `patience`, and not at all once the models have
    /// stopped.
    pub async fn caught_up(&self, position: Position, patience: Duration) -> CaughtUp {
        let mut status = self.status.subscribe();
        let settled = status.wait_for(|status| status.position >= position || status.state.is_stopped());
        match tokio::time::timeout(patience, settled).await {
            Ok(Ok(status)) if status.position >= position => CaughtUp::Reached,
            _ => CaughtUp::Behind,
        }
    }

    /// Makes sure that nothing of what was erased up to now is left in any file of the directory, free pages and the
    /// write-ahead log included; waits for reads that still see it. Happens by itself after every erasure, too.
    ///
    /// # Errors
    /// The database could not be written, or a read went on for long.
    pub async fn wipe_traces(&self) -> Result<(), StoreError> {
        let models = self.store.current();
        match blocking(move || models.truncate_wal()).await? {
            true => Ok(()),
            false => Err(StoreError::Busy),
        }
    }

    /// A page of at most `limit` of the conversations that `filter` admits, newest `updatedAt` first, and their number.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn conversations(
        &self,
        filter: Filter,
        limit: u32,
        after: Option<Cursor>,
    ) -> Result<ConversationPage, ReadError> {
        self.read(move |db| conversation_list::page(db, &filter, limit, after)).await
    }

    /// A page of at most `limit` of the conversations that `filter` admits and `query` finds, newest match first.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn search(
        &self,
        query: Query,
        filter: Filter,
        limit: u32,
        after: Option<SearchCursor>,
    ) -> Result<ConversationPage, ReadError> {
        self.read(move |db| search::find(db, &query, &filter, limit, after)).await
    }

    /// A conversation with its messages, those after `after`, `limit` at most; `None` if there is no such conversation.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn thread(
        &self,
        id: ConversationId,
        limit: Option<u32>,
        after: Option<ThreadCursor>,
    ) -> Result<Option<Thread>, ReadError> {
        self.read(move |db| {
            let Some(number) = conversation_list::number(db, id)? else {
                return Ok(None);
            };
            let Some(conversation) = conversation_list::summary(db, number)? else {
                return Ok(None);
            };
            let (messages, next) = threads::messages(db, (number, id), limit, after)?;
            let next_cursor = next.map(|next| next.to_string());
            Ok(Some(Thread { conversation, messages, next_cursor }))
        })
        .await
    }

    /// The figures of a time.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn statistics(&self, period: Period) -> Result<Statistics, ReadError> {
        self.read(move |db| statistics::report(db, period)).await
    }

    /// The conversations with a turn that is being answered, or whose process died doing so, and that process.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn open_turns(&self) -> Result<Vec<(ConversationId, OwnerId)>, ReadError> {
        self.read(conversation::open_turns).await
    }

    async fn read<T, Q>(&self, query: Q) -> Result<T, ReadError>
    where
        T: Send + 'static,
        Q: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        if self.status.borrow().state.is_stopped() {
            return Err(ReadError::Stopped);
        }
        let read = |db: &Connection| if checkpoint::is_whole(db)? { query(db).map(Some) } else { Ok(None) };
        let models = self.store.current();
        match models.readers.read(read).await {
            Ok(found) => found.ok_or(ReadError::Building),
            Err(error) if error.is_corrupt() => {
                tracing::error!(%error, "read models are damaged");
                models.damage.notify_one();
                Err(ReadError::Building)
            }
            Err(error) => Err(error.into()),
        }
    }
}
