//! The read models as the rest of the server sees them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chat_eventlog::{EventLog, LogIdentity, Position};
use chat_schema::{ConversationId, ConversationPage, OwnerId, Thread};
use rusqlite::Connection;
use tokio::sync::watch;

use crate::cursor::Cursor;
use crate::open_error::OpenError;
use crate::runner::Runner;
use crate::status::{CaughtUp, State, Status};
use crate::store::{Store, StoreError};
use crate::{checkpoint, conversation_list, open_turns, threads};

/// Why a read has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The models never held the whole log yet: what they hold would look complete and not be.
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
        let position = store.checkpoint()?.position;
        let (status, _) = watch::channel(Status { position, state: State::Building });
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

    /// A page of at most `limit` conversations, newest `updatedAt` first, and the number of all.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn conversations(&self, limit: u32, after: Option<Cursor>) -> Result<ConversationPage, ReadError> {
        self.read(move |db| conversation_list::page(db, limit, after)).await
    }

    /// A conversation with all its messages, `None` if there is no such conversation.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn thread(&self, id: ConversationId) -> Result<Option<Thread>, ReadError> {
        self.read(move |db| {
            let Some(conversation) = conversation_list::summary(db, id)? else {
                return Ok(None);
            };
            Ok(Some(Thread { conversation, messages: threads::messages(db, id)? }))
        })
        .await
    }

    /// The conversations with a turn that is being answered, or whose process died doing so, and that process.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn open_turns(&self) -> Result<Vec<(ConversationId, OwnerId)>, ReadError> {
        self.read(open_turns::all).await
    }

    async fn read<T, Q>(&self, query: Q) -> Result<T, ReadError>
    where
        T: Send + 'static,
        Q: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        if self.status.borrow().state.is_stopped() {
            return Err(ReadError::Stopped);
        }
        let found =
            self.store.readers.read(|db| if checkpoint::is_whole(db)? { query(db).map(Some) } else { Ok(None) });
        found.await?.ok_or(ReadError::Building)
    }
}
