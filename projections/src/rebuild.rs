//! Building the models anew while nobody serves from them: beside those that are there, whose place they take whole.

use std::path::Path;
use std::sync::Arc;

use chat_eventlog::{EventLog, LogError, Position};

use crate::directory::Directory;
use crate::feed::Feed;
use crate::models::Applied;
use crate::open_error::OpenError;
use crate::runner::describe;
use crate::store::{self, StoreError, blocking};

/// Why the models were not built anew. Those that were there are as they were.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The log cannot be read to its end.
    #[error("the event log: {0}")]
    Log(String),
    /// The models cannot be written.
    #[error("the read models: {0}")]
    Store(#[from] StoreError),
}

impl From<LogError> for RebuildError {
    fn from(error: LogError) -> Self {
        Self::Log(describe(&error))
    }
}

/// How far a build is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Built {
    /// Of the last event applied.
    pub position: Position,
    /// How many were applied. Positions need not be one apart.
    pub events: u64,
}

/// A directory of read models that no other process has open.
pub struct Rebuild {
    directory: Directory,
}

impl Rebuild {
    /// Takes `dir`. Nothing is changed yet.
    ///
    /// # Errors
    /// The directory is another process's, or cannot be written.
    pub fn of(dir: &Path) -> Result<Self, OpenError> {
        Ok(Self { directory: Directory::lock(dir)? })
    }

    /// Builds the models from all that `log` holds now and puts them in place; the position they are at. `progress` is
    /// told after every batch how far it is.
    ///
    /// # Errors
    /// See [`RebuildError`].
    pub async fn run(self, log: Arc<dyn EventLog>, mut progress: impl FnMut(Built)) -> Result<Position, RebuildError> {
        let (end, identity) = (log.end().await?, log.identity());
        let next = Arc::new(store::beside(&self.directory, identity).map_err(StoreError::from)?);
        let mut feed = Feed::start(&log, Position::START, end);
        let mut built = Built { position: Position::START, events: 0 };
        let (mut events, mut failure) = (Vec::new(), None);
        loop {
            let (models, position) = (next.clone(), built.position);
            built.events += events.len() as u64;
            let applied = blocking(move || models.apply(&events, position, end)).await?;
            let Applied { position: reached, gap, .. } = applied;
            built.position = reached;
            progress(built);
            if let Some(gap) = gap {
                return Err(RebuildError::Log(gap.to_string()));
            }
            if built.position >= end {
                break;
            }
            if let Some(failure) = failure {
                return Err(LogError::into(failure));
            }
            let Some(batch) = feed.next().await else {
                return Err(RebuildError::Log("it was closed".to_owned()));
            };
            (events, failure) = (batch.events, batch.failure);
        }
        let next = Arc::into_inner(next).ok_or(StoreError::Interrupted)?;
        let directory = self.directory;
        blocking(move || store::put_in_place(&directory, next, identity).map(drop)).await?;
        Ok(built.position)
    }
}
