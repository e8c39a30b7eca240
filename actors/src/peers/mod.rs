//! The processes that share a log: which of them live, and the words of an answer on their way from the process that generates it to
//! those whose visitors asked for it too.
//!
//! Architecture invariant: peers are asked for speed, never for truth. Every decision is an append that the log accepts or
//! refuses; a process that hears nothing, or lies, costs time and no message.

mod follow;
mod message;
mod relay;
mod roster;
mod watch;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chat_eventlog::Bus;
use chat_schema::OwnerId;
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use uuid::Uuid;

use self::follow::Relayed;
use self::message::PeerMessage;
use self::relay::Relays;
use self::roster::{BEAT, Roster};
use crate::registry::Registry;

/// Longest wait for the last message of a process that ends.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How often it is looked whether that message came back.
const LAST_LOOK: Duration = Duration::from_millis(5);

/// This process among those that share its log.
pub(crate) struct Peers {
    me: OwnerId,
    bus: Arc<dyn Bus>,
    roster: Mutex<Roster>,
    follows: Mutex<HashMap<Uuid, mpsc::Sender<Relayed>>>,
}

impl Peers {
    pub(crate) fn new(me: OwnerId, bus: Arc<dyn Bus>) -> Self {
        Self { me, bus, roster: Mutex::new(Roster::new(me)), follows: Mutex::default() }
    }

    /// Whether `owner` has been silent for so long that its turns may be closed.
    pub(crate) fn is_dead(&self, owner: OwnerId) -> bool {
        lock(&self.roster).is_dead(owner, Instant::now())
    }

    /// Whether others surely take this process for alive, so that nobody closes its turns.
    pub(crate) fn holds_lease(&self) -> bool {
        lock(&self.roster).holds_lease(Instant::now())
    }

    /// Tells the others that this process ends, and waits a moment until that is on its way.
    pub(crate) async fn leave(&self) {
        self.bus.broadcast(PeerMessage::Leave { from: self.me }.encode()).await;
        let said = async {
            // What is said to all comes back here too.
            while !lock(&self.roster).has_left(self.me) {
                sleep(LAST_LOOK).await;
            }
        };
        let _ = timeout(LAST_WORDS, said).await;
    }

    async fn beat(&self) {
        let number = lock(&self.roster).beat(Instant::now());
        self.bus.broadcast(PeerMessage::Beat { from: self.me, number }.encode()).await;
    }
}

/// Lives among the peers of `registry`'s log: beats, relays answers, and tells live conversations what others append. Ends when the bus does.
pub(crate) async fn live(peers: Arc<Peers>, registry: Registry) {
    let mut messages = peers.bus.listen(peers.me).await;
    let watching = actix::spawn(watch::watch(registry.clone()));
    let mut relays = Relays::new(Arc::clone(&peers), registry.clone());
    let mut beats = interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let message = tokio::select! {
            _ = beats.tick() => {
                peers.beat().await;
                continue;
            }
            message = messages.next() => message,
        };
        let Some(message) = message else { break };
        match PeerMessage::decode(&message) {
            Some(PeerMessage::Beat { from, number }) => lock(&peers.roster).heard(from, number, Instant::now()),
            Some(PeerMessage::Leave { from }) => lock(&peers.roster).left(from, Instant::now()),
            Some(PeerMessage::Follow { from, follow, conversation, message, token }) => {
                relays.begin(from, follow, conversation, message, token);
            }
            Some(PeerMessage::Tokens { follow, first, tokens }) => {
                peers.relayed(follow, Relayed::Tokens { first, tokens });
            }
            Some(PeerMessage::Ended { follow }) => peers.relayed(follow, Relayed::Ended),
            Some(PeerMessage::Stop { conversation, message }) => registry.stop_here(conversation, message),
            None => tracing::debug!(bytes = message.len(), "a peer's message is not of this release"),
        }
    }
    watching.abort();
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change is a single call, so what is guarded is whole even if a holder panicked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
