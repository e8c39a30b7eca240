//! The bus between the processes on one database: a stream of its own, whose messages the server drops after a minute.
//!
//! Architecture invariant: what is sent here is stored, so no word of a message may be among it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chat_schema::OwnerId;
use eventstore::{EventData, StreamState};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::api::Api;
use super::fault::Fault;
use super::follower::{Follower, Note};
use super::health::Health;
use super::names;
use crate::bus::Bus;

const TYPE: &str = "PeerMessage";
/// Seconds after which a message is not read any more, and may be scavenged.
const MAX_AGE_S: u64 = 60;
/// Messages that may wait to be written.
const WAITING: usize = 64;
/// Pause before a server is asked again.
const PAUSE: Duration = Duration::from_millis(100);

/// A bus on the connection of the log.
pub(super) struct EventStoreBus {
    api: Api,
    outbox: mpsc::Sender<EventData>,
}

impl EventStoreBus {
    pub(super) fn new(api: Api, health: Arc<Health>) -> Self {
        let (outbox, messages) = mpsc::channel(WAITING);
        tokio::spawn(write(api.clone(), health, messages));
        Self { api, outbox }
    }

    fn post(&self, to: Option<OwnerId>, message: Bytes) {
        let to = to.map_or_else(Bytes::new, |to| to.to_string().into());
        if self.outbox.try_send(EventData::binary(TYPE, message).metadata(to)).is_err() {
            tracing::debug!("a message to other processes is dropped");
        }
    }
}

/// Has messages dropped once nobody needs them; leaves what an operator has set as it is.
pub(super) async fn limit_age(api: &Api) -> Result<(), Fault> {
    let limit = EventData::json("$metadata", &json!({ "$maxAge": MAX_AGE_S }));
    let limit = limit.map_err(|error| Fault::Refused(error.to_string()))?;
    match api.append(names::metadata(&api.names().peers()), StreamState::NoStream, vec![limit]).await {
        Ok(_) | Err(Fault::WrongVersion { .. }) => Ok(()),
        Err(fault) => Err(fault),
    }
}

/// One after the other, so that they keep their order.
async fn write(api: Api, health: Arc<Health>, mut messages: mpsc::Receiver<EventData>) {
    while let Some(message) = messages.recv().await {
        if health.is_available()
            && let Err(fault) = api.append(api.names().peers(), StreamState::Any, vec![message]).await
        {
            tracing::debug!(%fault, "a message to other processes is lost");
        }
    }
}

#[async_trait]
impl Bus for EventStoreBus {
    async fn listen(&self, me: OwnerId) -> BoxStream<'static, Bytes> {
        let (api, me) = (self.api.clone(), me.to_string());
        let mut follower = begin(&api).await;
        let messages = async_stream::stream! {
            loop {
                match follower.next().await {
                    Ok(Note::Event(event)) if event.custom_metadata.is_empty() || event.custom_metadata == me => {
                        yield event.data;
                    }
                    Ok(_) => {}
                    Err(fault) => {
                        tracing::debug!(%fault, "messages of other processes are listened to anew");
                        follower = begin(&api).await;
                    }
                }
            }
        };
        messages.boxed()
    }

    async fn send(&self, to: OwnerId, message: Bytes) {
        self.post(Some(to), message);
    }

    async fn broadcast(&self, message: Bytes) {
        self.post(None, message);
    }

    fn forgets(&self) -> bool {
        false
    }
}

/// A subscription that the server has taken.
async fn begin(api: &Api) -> Follower {
    loop {
        if let Ok(mut follower) = Follower::start(api.connection().runtime(), api.listen(api.names().peers()).await)
            && follower.next().await.is_ok()
        {
            return follower;
        }
        sleep(PAUSE).await;
    }
}
