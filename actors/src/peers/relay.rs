//! Relaying a turn that this process runs to another one, whose visitor asked for it too.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chat_schema::{ConversationId, MessageId, OwnerId};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use uuid::Uuid;

use super::Peers;
use super::message::PeerMessage;
use crate::progress::Progress;
use crate::registry::Registry;

/// Silence of the turn after which the follower gets a sign of life.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);
/// Most bytes of tokens in one message, well below what any bus carries.
const BATCH_BYTES: usize = 32 * 1024;

/// The relays that this process feeds: one a conversation and follower at most.
pub(super) struct Relays {
    peers: Arc<Peers>,
    registry: Registry,
    running: HashMap<(OwnerId, ConversationId), AbortHandle>,
}

impl Relays {
    pub(super) fn new(peers: Arc<Peers>, registry: Registry) -> Self {
        Self { peers, registry, running: HashMap::new() }
    }

    /// Sends the turn's tokens from number `token` on to `follower`, in place of what it asked for in this conversation before.
    pub(super) fn begin(
        &mut self,
        follower: OwnerId,
        follow: Uuid,
        conversation: ConversationId,
        message: MessageId,
        token: usize,
    ) {
        self.running.retain(|_, relay| !relay.is_finished());
        let (peers, registry) = (Arc::clone(&self.peers), self.registry.clone());
        let relay = actix::spawn(async move {
            if let Some(progress) = registry.running_here(conversation, message).await {
                relay(&peers, follower, follow, token, progress).await;
            }
            peers.bus.send(follower, PeerMessage::Ended { follow }.encode()).await;
        });
        if let Some(before) = self.running.insert((follower, conversation), relay.abort_handle()) {
            before.abort();
        }
    }
}

/// Returns when the turn has ended or the follower is dead.
async fn relay(peers: &Peers, follower: OwnerId, follow: Uuid, from: usize, mut progress: watch::Receiver<Progress>) {
    let mut first = from;
    loop {
        let (tokens, is_final) = {
            let progress = progress.borrow_and_update();
            (batch(&progress, first), progress.stage().is_final())
        };
        if !tokens.is_empty() {
            let sent = tokens.len();
            peers.bus.send(follower, PeerMessage::Tokens { follow, first, tokens }.encode()).await;
            first += sent;
        } else if is_final {
            return;
        } else {
            match timeout(SIGN_OF_LIFE, progress.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_died)) => return,
                Err(_) if peers.is_dead(follower) => return,
                Err(_) => peers.bus.send(follower, PeerMessage::Tokens { follow, first, tokens }.encode()).await,
            }
        }
    }
}

fn batch(progress: &Progress, first: usize) -> Vec<String> {
    let mut bytes = 0;
    let fits = |token: &&str| {
        let begins = bytes == 0;
        bytes += token.len();
        begins || bytes <= BATCH_BYTES
    };
    progress.tokens(first).take_while(fits).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_bounded_and_never_empty_while_there_are_tokens() {
        let mut progress = Progress::waiting();
        let long = "x".repeat(BATCH_BYTES);
        for token in ["a", &long, "b", "c"] {
            progress.push(token);
        }
        assert_eq!(batch(&progress, 0), ["a"]);
        assert_eq!(batch(&progress, 1), [long.as_str()]);
        assert_eq!(batch(&progress, 2), ["b", "c"]);
        assert!(batch(&progress, 4).is_empty());
    }
}
