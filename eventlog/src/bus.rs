//! The bus: messages between the processes that share a log.
//!
//! Architecture invariant: nothing is true because the bus said so. It carries signs of life and the words of an answer on
//! their way; what happened is in the log.

use async_trait::async_trait;
use bytes::Bytes;
use chat_schema::OwnerId;
use futures_util::stream::BoxStream;

/// A best-effort bus: a message arrives once or, when a process or a connection is gone, never. What a process sends to another one
/// keeps its order, and so does what it sends to all; between the two there is none.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// What is sent to `me` and to everyone, from the moment this returns. Goes on over reconnections; ends only when the bus is closed.
    async fn listen(&self, me: OwnerId) -> BoxStream<'static, Bytes>;

    /// Sends to one process. Does not wait for it, and drops the message while the bus is away.
    async fn send(&self, to: OwnerId, message: Bytes);

    /// Sends to every process that listens, the sender included. Does not wait, and drops the message while the bus is away.
    async fn broadcast(&self, message: Bytes);

    /// Whether what it carries is kept nowhere. Only over such a bus may words of a message go: an erasure finds no others.
    fn forgets(&self) -> bool {
        true
    }
}
