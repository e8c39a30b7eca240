//! The requests that the log makes, and nothing about what their answers mean. Every one of them asks the leader.

use std::time::Duration;

use bytes::Bytes;
use eventstore::{
    AppendToStreamOptions, EventData, Position as Place, ReadAllOptions, ReadStream, ReadStreamOptions, RecordedEvent,
    StreamPosition, StreamState, SubscribeToAllOptions, SubscribeToStreamOptions, Subscription, SubscriptionFilter,
};
use tokio::time::timeout;

use super::connection::{ANSWER, Connection};
use super::fault::Fault;
use super::message;
use super::names::Names;

/// Records the server looks through for matching ones before it tells how far it is.
const WINDOW: u32 = 1000;
/// Longest time the server may look through records of others before it finds one.
const SEARCH: Duration = Duration::from_secs(60);

/// EventStoreDB, as far as the log uses it.
#[derive(Clone)]
pub(super) struct Api {
    connection: Connection,
    names: Names,
}

/// What an append that was carried out tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written {
    /// Where the last event stands, as the server says it.
    pub(super) place: Place,
}

/// Options of a request: to the leader, as the configured user, answered in time.
macro_rules! to_leader {
    ($self:ident, $options:expr) => {{
        let options = $options.requires_leader(true);
        match $self.connection.login() {
            Some(login) => options.authenticated(login.clone()),
            None => options,
        }
    }};
}

impl Api {
    pub(super) fn new(connection: Connection, namespace: &str) -> Self {
        Self { connection, names: Names::new(namespace) }
    }

    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The release of the server: its first two numbers.
    pub(super) async fn release(&self) -> Result<(usize, usize), Fault> {
        let client = self.connection.client();
        let release = in_time(client.server_info()).await?.version();
        Ok((release.major(), release.minor()))
    }

    /// Appends to a stream that is in the given state.
    pub(super) async fn append(
        &self,
        stream: String,
        state: StreamState,
        events: Vec<EventData>,
    ) -> Result<Written, Fault> {
        let options = to_leader!(self, AppendToStreamOptions::default()).stream_state(state).deadline(ANSWER);
        let client = self.connection.client();
        let written = in_time(client.append_to_stream(Bytes::from(stream), &options, events)).await?;
        Ok(Written { place: written.position })
    }

    /// Up to `limit` events of a stream from the number `from` on. A stream that is not there has none.
    pub(super) async fn read(&self, stream: String, from: u64, limit: usize) -> Result<Vec<RecordedEvent>, Fault> {
        let options = ReadStreamOptions::default().position(StreamPosition::Position(from)).max_count(limit);
        self.read_stream(stream, options).await
    }

    /// The last event of a stream.
    pub(super) async fn last(&self, stream: String) -> Result<Option<RecordedEvent>, Fault> {
        let options = ReadStreamOptions::default().position(StreamPosition::End).max_count(1);
        Ok(self.read_stream(stream, options).await?.pop())
    }

    async fn read_stream(&self, stream: String, options: ReadStreamOptions) -> Result<Vec<RecordedEvent>, Fault> {
        let options = to_leader!(self, options);
        let client = self.connection.client();
        match in_time(client.read_stream(stream, &options)).await {
            Ok(answer) => collect(answer, ANSWER).await,
            Err(fault) => or_nothing(fault),
        }
    }

    /// Up to `limit` events of all conversations after `after`.
    pub(super) async fn read_all(&self, after: Place, limit: usize) -> Result<Vec<RecordedEvent>, Fault> {
        // A read begins with what stands at its position, a subscription after it.
        let options = ReadAllOptions::default().position(from(after)).filter(self.conversations()).max_count(limit + 1);
        let mut found = self.everything(options).await?;
        found.retain(|event| event.position > after);
        found.truncate(limit);
        Ok(found)
    }

    /// The erasures of all conversations after `after`.
    pub(super) async fn erasures(&self, after: Place) -> Result<Vec<RecordedEvent>, Fault> {
        let filter = SubscriptionFilter::on_event_type().add_prefix(message::ERASURE).max(WINDOW);
        self.everything(ReadAllOptions::default().position(from(after)).filter(filter)).await
    }

    /// Up to `limit` of the newest events of all conversations, those before `before`, the newest first.
    pub(super) async fn newest(&self, before: Option<Place>, limit: usize) -> Result<Vec<RecordedEvent>, Fault> {
        let before = before.map_or(StreamPosition::End, StreamPosition::Position);
        let options = ReadAllOptions::default().position(before).backwards();
        self.everything(options.filter(self.conversations()).max_count(limit)).await
    }

    /// Where the last record of the database stands, whosever it is.
    pub(super) async fn end_of_database(&self) -> Result<Place, Fault> {
        let options = ReadAllOptions::default().position(StreamPosition::End).max_count(1);
        Ok(self.everything(options).await?.pop().map_or_else(Place::start, |last| last.position))
    }

    async fn everything(&self, options: ReadAllOptions) -> Result<Vec<RecordedEvent>, Fault> {
        let options = to_leader!(self, options);
        let client = self.connection.client();
        match within(SEARCH, client.read_all(&options)).await {
            Ok(answer) => collect(answer, SEARCH).await,
            Err(fault) => or_nothing(fault),
        }
    }

    /// What comes after `after` in all conversations. Nothing is asked before it is polled.
    pub(super) async fn follow(&self, after: Place) -> Subscription {
        let options = to_leader!(self, SubscribeToAllOptions::default());
        self.connection.client().subscribe_to_all(&options.position(from(after)).filter(self.conversations())).await
    }

    fn conversations(&self) -> SubscriptionFilter {
        SubscriptionFilter::on_stream_name().add_prefix(self.names.conversations()).max(WINDOW)
    }

    /// What comes from now on in a stream. Nothing is asked before it is polled.
    pub(super) async fn listen(&self, stream: String) -> Subscription {
        let options = to_leader!(self, SubscribeToStreamOptions::default());
        self.connection.client().subscribe_to_stream(stream, &options.start_from(StreamPosition::End)).await
    }
}

fn from(after: Place) -> StreamPosition<Place> {
    if after == Place::start() { StreamPosition::Start } else { StreamPosition::Position(after) }
}

fn or_nothing(fault: Fault) -> Result<Vec<RecordedEvent>, Fault> {
    if matches!(fault, Fault::NoStream) { Ok(vec![]) } else { Err(fault) }
}

async fn collect(mut answer: ReadStream, patience: Duration) -> Result<Vec<RecordedEvent>, Fault> {
    let mut events = Vec::new();
    loop {
        match within(patience, answer.next()).await {
            Ok(Some(found)) => events.extend(found.event),
            Ok(None) => return Ok(events),
            Err(fault) => return or_nothing(fault),
        }
    }
}

async fn in_time<T>(answer: impl Future<Output = eventstore::Result<T>>) -> Result<T, Fault> {
    within(ANSWER, answer).await
}

/// The client does not watch the time itself.
async fn within<T>(patience: Duration, answer: impl Future<Output = eventstore::Result<T>>) -> Result<T, Fault> {
    match timeout(patience, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Fault::Silence("no answer in time".into())),
    }
}
