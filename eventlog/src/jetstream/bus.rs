//! The bus on core NATS: no message of it is ever stored.

use async_trait::async_trait;
use bytes::Bytes;
use chat_schema::OwnerId;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use tokio::task::coop::unconstrained;

use super::connection::Connection;
use crate::bus::Bus;

/// A bus under the subjects `<name>.peers.*`.
pub(super) struct NatsBus {
    connection: Connection,
    name: String,
}

impl NatsBus {
    pub(super) fn new(connection: Connection, name: String) -> Self {
        Self { connection, name }
    }

    fn subject(&self, whose: &str) -> String {
        format!("{}.peers.{whose}", self.name)
    }

    /// Drops the message when it would have to wait: it would come too late to be of use.
    fn publish(&self, whose: &str, message: &Bytes) {
        if !self.connection.stands() {
            return;
        }
        let publish = self.connection.client().publish(self.subject(whose), message.clone());
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
        let (Ok(mine), Ok(all)) = (mine, all) else {
            tracing::error!("the connection to other replicas is closed");
            return stream::empty().boxed();
        };
        self.settle().await;
        stream::select(mine, all).map(|message| message.payload).boxed()
    }

    async fn send(&self, to: OwnerId, message: Bytes) {
        self.publish(&to.to_string(), &message);
    }

    async fn broadcast(&self, message: Bytes) {
        self.publish("all", &message);
    }
}
