//! The bus on core NATS: no message of it is ever stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_nats::Subscriber;
use async_trait::async_trait;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use chat_schema::OwnerId;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use tokio::task::coop::unconstrained;

use super::connection::Connection;
use crate::bus::Bus;

/// Each message begins with its sender's count of messages: what is sent to one and what is sent to all come by two
/// subscriptions, and have one order.
const COUNT: usize = size_of::<u64>();

/// A bus under the subjects `<name>.peers.*`.
pub(super) struct NatsBus {
    connection: Connection,
    name: String,
    sent: Arc<AtomicU64>,
}

impl NatsBus {
    pub(super) fn new(connection: Connection, name: String) -> Self {
        Self { connection, name, sent: Arc::default() }
    }

    fn subject(&self, whose: &str) -> String {
        format!("{}.peers.{whose}", self.name)
    }

    /// Drops the message when it would have to wait: it would come too late to be of use.
    fn publish(&self, whose: &str, message: &Bytes) {
        if !self.connection.stands() {
            return;
        }
        let mut payload = BytesMut::with_capacity(COUNT + message.len());
        payload.put_u64(self.sent.fetch_add(1, Ordering::Relaxed));
        payload.put_slice(message);
        let publish = self.connection.client().publish(self.subject(whose), payload.freeze());
        match unconstrained(publish).now_or_never() {
            Some(Ok(())) => {}
            Some(Err(error)) => {
                tracing::warn!(%error, bytes = message.len(), "a message to other replicas was not sent");
            }
            None => tracing::debug!("a message to other replicas was dropped: the connection takes no more"),
        }
    }

    /// Waits until the server has handled what was sent to it before.
    async fn settle(&self) {
        if self.connection.stands() {
            // Nobody answers to it, which the server says at once.
            let _ = self.connection.client().request(self.subject("nobody"), Bytes::new()).await;
        }
    }
}

#[async_trait]
impl Bus for NatsBus {
    async fn listen(&self, me: OwnerId) -> BoxStream<'static, Bytes> {
        let client = self.connection.client();
        let (mine, all) =
            (client.subscribe(self.subject(&me.to_string())).await, client.subscribe(self.subject("all")).await);
        let (Ok(mut mine), Ok(mut all)) = (mine, all) else {
            tracing::error!("the connection to other replicas is closed");
            return futures_util::stream::empty().boxed();
        };
        self.settle().await;
        let messages = async_stream::stream! {
            loop {
                let first = tokio::select! {
                    message = mine.next() => message,
                    message = all.next() => message,
                };
                let Some(first) = first else { return };
                let mut messages = vec![numbered(first.payload)];
                while take_all(&mut all, &mut messages) | take_all(&mut mine, &mut messages) {}
                messages.sort_by_key(|(number, _)| *number);
                for (_, message) in messages {
                    yield message;
                }
            }
        };
        messages.boxed()
    }

    async fn send(&self, to: OwnerId, message: Bytes) {
        self.publish(&to.to_string(), &message);
    }

    async fn broadcast(&self, message: Bytes) {
        self.publish("all", &message);
    }
}

/// Takes what is there; whether there was anything.
fn take_all(subscriber: &mut Subscriber, messages: &mut Vec<(u64, Bytes)>) -> bool {
    let before = messages.len();
    while let Some(Some(message)) = unconstrained(subscriber.next()).now_or_never() {
        messages.push(numbered(message.payload));
    }
    messages.len() > before
}

fn numbered(mut payload: Bytes) -> (u64, Bytes) {
    let number = payload.try_get_u64().unwrap_or_default();
    (number, payload)
}
