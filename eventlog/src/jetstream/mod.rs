//! The log on NATS JetStream: one stream, one subject a conversation, one message an append. Any number of processes may use
//! the same one.
//!
//! Architecture invariant: a position is the sequence of a message and the index of an event in it; a version is only in the
//! event itself. What the servers say is believed when it comes from the stream's leader, or is checked.

mod answer;
mod api;
mod append;
mod archive;
mod batch;
mod bus;
mod connection;
mod durability;
mod erase;
mod follower;
mod heads;
mod health;
mod message;
mod open_error;
mod opening;
mod options;
mod reader;
mod servers;
mod settings;
mod stream;
mod subscription;

use std::sync::Arc;

use async_trait::async_trait;
use chat_schema::{ConversationId, SealedEvent};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use self::api::Api;
use self::append::Appender;
pub use self::archive::JetStreamArchive;
use self::bus::NatsBus;
use self::heads::Heads;
use self::health::Health;
pub use self::open_error::OpenError;
use self::reader::Reader;
pub use self::settings::Settings;
use crate::bus::Bus;
use crate::log::{Append, EventLog, LogError, LogIdentity, Position, Recorded, Subscription};

/// An event log on JetStream.
pub struct JetStreamLog {
    api: Api,
    identity: LogIdentity,
    health: Arc<Health>,
    reader: Reader,
    appender: Appender,
    bus: Arc<NatsBus>,
    warnings: Vec<String>,
    max_event_bytes: usize,
    /// Ends the subscriptions when it is dropped.
    open: watch::Sender<()>,
    watch: AbortHandle,
}

impl JetStreamLog {
    /// Opens the stream, and creates it when there is none. Waits for the servers for as long as the settings say.
    ///
    /// # Errors
    /// Says what is wrong and what to do about it.
    pub async fn open(settings: Settings) -> Result<Self, OpenError> {
        let (api, info) = opening::open(&settings).await?;
        let connection = api.connection().clone();
        let identity = stream::identity(&info);
        let mut warnings = stream::warnings(&info.config);
        warnings.extend(durability::warnings(&connection).await);

        let health = Arc::new(Health::new(connection.clone()));
        let watch = tokio::spawn(health::watch(api.clone(), health.clone(), identity)).abort_handle();
        let heads = Arc::new(Heads::new());
        let direct = info.config.allow_direct && connection.client().is_server_compatible(2, 11, 0);
        let reader = Reader::new(api.clone(), heads.clone(), direct);
        let appender = Appender::new(api.clone(), heads, reader.clone(), health.clone());
        let bus = Arc::new(NatsBus::new(connection, settings.stream));
        let max_event_bytes = max_event_bytes(&api, info.config.max_message_size);
        let replicas = info.config.num_replicas;
        let last = info.state.last_sequence;
        tracing::info!(identity = %identity.0, stream = api.stream(), replicas, last, "event log opened");
        let open = watch::Sender::new(());
        Ok(Self { api, identity, health, reader, appender, bus, warnings, max_event_bytes, open, watch })
    }

    /// The bus on the same connection. It goes on for as long as it is held.
    pub fn bus(&self) -> Arc<dyn Bus> {
        self.bus.clone()
    }

    /// What an operator should know about the servers' and the stream's configuration, in whole sentences.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Longest event that can be appended, in stored bytes.
    pub fn max_event_bytes(&self) -> usize {
        self.max_event_bytes
    }
}

/// What the server and the stream (0 or less: no limit of its own) take in one message, less what goes with an event.
fn max_event_bytes(api: &Api, max_message_size: i32) -> usize {
    let server = api.connection().client().max_payload();
    let stream = usize::try_from(max_message_size).ok().filter(|most| *most > 0);
    stream.map_or(server, |stream| stream.min(server)).saturating_sub(Api::HEADERS + message::LINE_OVERHEAD)
}

impl Drop for JetStreamLog {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

#[async_trait]
impl EventLog for JetStreamLog {
    async fn append(&self, conversation: ConversationId, expected: u64, events: &[SealedEvent]) -> Append {
        self.appender.append(conversation, expected, events).await
    }

    async fn read(&self, conversation: ConversationId, after: u64) -> Result<Vec<Recorded>, LogError> {
        self.reader.conversation(conversation, after).await
    }

    async fn erase(&self, erasure: &SealedEvent) -> Result<(), LogError> {
        erase::erase(&self.api, erasure).await
    }

    fn subscribe(&self, after: Position) -> Subscription {
        subscription::subscribe(self.api.clone(), self.health.clone(), self.open.subscribe(), after)
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
