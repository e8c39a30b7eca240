//! Given events, then rows.

mod building;
mod conversation_list;
mod damage;
mod delivery;
mod erasing;
mod events;
mod filters;
mod log_double;
mod open_turns;
mod opening;
mod rebuilding;
mod replay;
mod search;
mod statistics;
mod threads;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chat_eventlog::{EventLog, Position};
use chat_schema::{ConversationId, ConversationPage, Message, Summary};
use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::{CaughtUp, Filter, OpenError, ReadModels, State, Status};
use log_double::LogDouble;

/// Longer than anything here takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Read models that follow a log.
struct Following {
    dir: TempDir,
    log: Arc<LogDouble>,
    models: Arc<ReadModels>,
    task: JoinHandle<()>,
}

impl Following {
    fn start(log: LogDouble) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), Arc::new(log))
    }

    fn start_in(dir: TempDir, log: Arc<LogDouble>) -> Self {
        let models = Arc::new(ReadModels::open(dir.path(), log.identity()).unwrap());
        let task = tokio::spawn(models.clone().follow(log.clone()));
        Self { dir, log, models, task }
    }

    /// All that `log` holds is in the rows.
    async fn all_of(log: LogDouble) -> Self {
        let following = Self::start(log);
        following.catch_up().await;
        following
    }

    async fn catch_up(&self) {
        assert_eq!(self.models.caught_up(self.log.last(), PATIENCE).await, CaughtUp::Reached, "{:?}", self.status());
    }

    async fn until(&self, state: impl Fn(&Status) -> bool) -> Status {
        let mut status = self.models.status.subscribe();
        let reached = tokio::time::timeout(PATIENCE, status.wait_for(state)).await;
        reached.expect("the models never got into that state").unwrap().clone()
    }

    async fn until_stopped(&self) -> String {
        match self.until(|status| status.state.is_stopped()).await.state {
            State::Stopped { reason } => reason,
            other => unreachable!("waited for stopped, not {other:?}"),
        }
    }

    /// Ends as a server does that stops: the log is closed, what was delivered is applied.
    async fn stop(self) -> (TempDir, Arc<LogDouble>) {
        self.log.set_closed(true);
        self.task.await.unwrap();
        self.log.set_closed(false);
        (self.dir, self.log)
    }

    /// The same directory in the next process.
    async fn restart(self) -> Self {
        let (dir, log) = self.stop().await;
        let subscriptions = *log.subscriptions.borrow();
        let following = Self::start_in(dir, log);
        until_above(&following.log.subscriptions, subscriptions).await;
        following.catch_up().await;
        following
    }

    fn status(&self) -> Status {
        self.models.status()
    }

    async fn page(&self, limit: u32) -> ConversationPage {
        self.models.conversations(Filter::default(), limit, None).await.unwrap()
    }

    async fn summary(&self, session: &str) -> Summary {
        self.models.thread(conversation(session), None, None).await.unwrap().expect("no such conversation").conversation
    }

    async fn messages(&self, session: &str) -> Vec<Message> {
        self.models.thread(conversation(session), None, None).await.unwrap().expect("no such conversation").messages
    }

    /// A connection of the test's own, to look behind the scenes and to break things.
    fn database(&self) -> Connection {
        Connection::open(database(&self.dir)).unwrap()
    }

    /// Every row of every table.
    fn rows(&self) -> Vec<Vec<Value>> {
        rows(&self.database())
    }
}

async fn until_above(counter: &watch::Sender<usize>, number: usize) {
    let mut counter = counter.subscribe();
    let reached = tokio::time::timeout(PATIENCE, counter.wait_for(|count| *count > number)).await;
    reached.expect("it did not happen again").unwrap();
}

fn database(dir: &TempDir) -> PathBuf {
    dir.path().join("read-models.sqlite")
}

fn rows(db: &Connection) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    for (table, order) in [
        ("checkpoint", "position"),
        ("conversation", "number"),
        ("conversation_count", "total"),
        ("message", "number"),
        ("hour", "hour"),
        ("hour_failure", "hour, reason"),
        ("hour_duration", "hour, is_whole, bucket"),
        ("failure", "conversation, version"),
    ] {
        let mut all = db.prepare(&format!("SELECT * FROM {table} ORDER BY {order}")).unwrap();
        let columns = all.column_count();
        let found = all.query_map((), |row| (0..columns).map(|column| row.get(column)).collect()).unwrap();
        rows.extend(found.map(Result::unwrap));
    }
    rows
}

fn conversation(session: &str) -> ConversationId {
    ConversationId::of(&session.parse().unwrap())
}

fn at(position: u64) -> Position {
    Position::new(position)
}

fn refusal(dir: &std::path::Path, log: &LogDouble) -> OpenError {
    ReadModels::open(dir, log.identity()).err().expect("the models were opened")
}
