//! The log on EventStoreDB, which KurrentDB is the later name of: one stream a conversation, one event of it an event. Any number of
//! processes may use the same one.
//!
//! Architecture invariant: the event of version v has the number v - 1 in its stream, also after an erasure. A position is the place of an
//! event in the order of all events (`$all`). Every question is for the leader.

mod api;
mod append;
mod archive;
mod bus;
mod connection;
mod erase;
mod fault;
mod follower;
mod heads;
mod health;
mod identity;
mod message;
mod names;
mod open_error;
mod opening;
mod reader;
mod settings;
mod subscription;

use std::sync::Arc;

use async_trait::async_trait;
use chat_schema::{ConversationId, SealedEvent};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use self::api::Api;
use self::append::Appender;
pub use self::archive::EventStoreArchive;
use self::bus::EventStoreBus;
use self::heads::Heads;
use self::health::Health;
pub use self::open_error::OpenError;
use self::reader::Reader;
pub use self::settings::{Login, Settings};
use crate::bus::Bus;
use crate::log::{Append, EventLog, LogError, LogIdentity, Position, Recorded, Subscription};

/// Longest append that a server takes when nobody has configured it, less what goes with an event.
const MAX_EVENT_BYTES: usize = (1 << 20) - 1024;

/// An event log on EventStoreDB.
pub struct EventStoreLog {
    api: Api,
    identity: LogIdentity,
    health: Arc<Health>,
    reader: Reader,
    appender: Appender,
    bus: Arc<EventStoreBus>,
    /// Ends the subscriptions when it is dropped.
    open: watch::Sender<()>,
    watch: AbortHandle,
}

impl EventStoreLog {
    /// Opens the log, and creates it when there is none. Waits for the servers for as long as the settings say.
    ///
    /// # Errors
    /// Says what is wrong and what to do about it.
    pub async fn open(settings: Settings) -> Result<Self, OpenError> {
        let (api, identity) = opening::open(&settings).await?;
        if let Err(fault) = bus::limit_age(&api).await {
            tracing::warn!(%fault, "messages between processes are not limited in age: their stream will grow");
        }
        let health = Arc::new(Health::default());
        let watch = tokio::spawn(health::watch(api.clone(), health.clone(), identity)).abort_handle();
        let heads = Arc::new(Heads::new());
        let reader = Reader::new(api.clone(), heads.clone());
        let appender = Appender::new(api.clone(), heads, reader.clone(), health.clone());
        let bus = Arc::new(EventStoreBus::new(api.clone(), health.clone()));
        tracing::info!(identity = %identity.0, "event log opened");
        Ok(Self { api, identity, health, reader, appender, bus, open: watch::Sender::new(()), watch })
    }

    /// The bus on the same database. It goes on for as long as it is held.
    pub fn bus(&self) -> Arc<dyn Bus> {
        self.bus.clone()
    }

    /// Longest event that can be appended, in stored bytes, unless the server's `MaxAppendSize` is not the usual one.
    pub fn max_event_bytes(&self) -> usize {
        MAX_EVENT_BYTES
    }
}

impl Drop for EventStoreLog {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

#[async_trait]
impl EventLog for EventStoreLog {
    async fn append(&self, conversation: ConversationId, expected: u64, events: &[SealedEvent]) -> Append {
        self.appender.append(conversation, expected, events).await
    }

    async fn read(&self, conversation: ConversationId, after: u64) -> Result<Vec<Recorded>, LogError> {
        self.reader.conversation(conversation, after).await
    }

    async fn erase(&self, erasure: &SealedEvent) -> Result<(), LogError> {
        erase::erase(&self.api, &self.reader, erasure).await
    }

    fn subscribe(&self, after: Position) -> Subscription {
        let (api, reader, health) = (self.api.clone(), self.reader.clone(), self.health.clone());
        subscription::subscribe(api, reader, health, self.open.subscribe(), after)
    }

    async fn end(&self) -> Result<Position, LogError> {
        self.reader.end().await
    }

    fn identity(&self) -> LogIdentity {
        self.identity
    }

    fn is_available(&self) -> bool {
        self.health.is_available()
    }
}
