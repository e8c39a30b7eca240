//! One consumer on the servers, from a sequence on. It ends with the first sign that it may have left something out.

use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::sync::watch;
use uuid::Uuid;

use super::api::Api;

/// Messages and bytes that are under way at most.
const BATCH: usize = 5000;
const BATCH_BYTES: usize = 32 << 20;
/// Sign of life of a consumer that has nothing to bring. Two missing ones end it.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// A request for messages that brought none is made anew.
const EXPIRY: Duration = Duration::from_secs(30);
/// The server drops a consumer that nobody asks for so long: that of a process that died.
const INACTIVE: Duration = Duration::from_secs(30);

/// Brings messages in the order of the stream, without gap or double.
pub(super) struct Follower {
    changes: watch::Receiver<u64>,
    messages: pull::Stream,
    delivered: u64,
    _consumer: Consumer,
}

impl Follower {
    /// Makes a consumer that begins with the message at `sequence`, or the first after it.
    pub(super) async fn start(api: &Api, sequence: u64) -> Result<Self, String> {
        let changes = api.connection().changes();
        if !api.connection().stands() {
            return Err("there is no connection to the servers".into());
        }
        let name = format!("open-chat-{}", Uuid::new_v4().simple());
        let config = pull::Config {
            name: Some(name.clone()),
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: sequence.max(1) },
            ack_policy: AckPolicy::None,
            inactive_threshold: INACTIVE,
            memory_storage: true,
            num_replicas: 1,
            ..pull::Config::default()
        };
        let made = api.context().create_consumer_on_stream(config, api.stream()).await;
        let consumer = Consumer { context: api.context().clone(), stream: api.stream().to_owned(), name };
        let made = made.map_err(|error| error.to_string())?;
        let messages =
            made.stream().max_messages_per_batch(BATCH).max_bytes_per_batch(BATCH_BYTES).heartbeat(HEARTBEAT);
        let messages = messages.expires(EXPIRY).messages().await.map_err(|error| error.to_string())?;
        Ok(Self { changes, messages, delivered: 0, _consumer: consumer })
    }

    /// The next message: its sequence and payload. After an error there is nothing more.
    pub(super) async fn next(&mut self) -> Result<(u64, Bytes), String> {
        let message = tokio::select! {
            biased;
            message = self.messages.next() => message,
            _ = self.changes.changed() => return Err("the connection was lost".into()),
        };
        let message = message.ok_or("its messages end")?.map_err(|error| error.to_string())?;
        let (sequence, delivered) = {
            let info = message.info().map_err(|error| error.to_string())?;
            (info.stream_sequence, info.consumer_sequence)
        };
        if delivered != self.delivered + 1 {
            return Err(format!("message {} of the consumer follows message {}", delivered, self.delivered));
        }
        self.delivered = delivered;
        Ok((sequence, message.message.payload))
    }
}

/// A consumer on the servers, which is deleted when dropped. One that cannot be is dropped by the servers after a while.
struct Consumer {
    context: Context,
    stream: String,
    name: String,
}

impl Drop for Consumer {
    fn drop(&mut self) {
        let (context, stream, name) =
            (self.context.clone(), std::mem::take(&mut self.stream), std::mem::take(&mut self.name));
        let delete = async move {
            if let Err(error) = context.delete_consumer_from_stream(name, stream).await {
                tracing::debug!(%error, "a consumer was not deleted");
            }
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            drop(runtime.spawn(delete));
        }
    }
}
