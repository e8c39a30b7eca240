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

/// Pause before a bus that closed is listened to anew.
const DEAF: Duration = Duration::from_secs(1);
/// Longest wait for the first message of a process that begins.
const FIRST_WORDS: Duration = Duration::from_secs(2);
/// Longest wait for the last message of a process that ends.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How often it is looked whether such a message came back.
const ECHO_LOOK: Duration = Duration::from_millis(5);

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

    /// Whether the words of an answer may go over the bus.
    pub(crate) fn relays(&self) -> bool {
        self.bus.forgets()
    }

    /// Whether others surely take this process for alive, so that nobody closes its turns.
    pub(crate) fn holds_lease(&self) -> bool {
        lock(&self.roster).holds_lease(Instant::now())
    }

    /// How often this process lost its lease.
    pub(crate) fn lapses(&self) -> u64 {
        lock(&self.roster).lapses()
    }

    /// Waits a moment until the first beat came back.
    pub(crate) async fn join(&self) {
        let heard = async {
            while !self.holds_lease() {
                sleep(ECHO_LOOK).await;
            }
        };
        let _ = timeout(FIRST_WORDS, heard).await;
    }

    /// Tells the others that this process ends, and waits a moment until that is on its way.
    pub(crate) async fn leave(&self) {
        self.bus.broadcast(PeerMessage::Leave { from: self.me }.encode()).await;
        let said = async {
            // What is said to all comes back here too.
            while !lock(&self.roster).has_left(self.me) {
                sleep(ECHO_LOOK).await;
            }
        };
        let _ = timeout(LAST_WORDS, said).await;
    }

    async fn beat_for_ever(&self, registry: &Registry) {
        // What is kept costs room: half as often, still often enough for the lease.
        let mut beats = interval(if self.relays() { BEAT } else { 2 * BEAT });
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            beats.tick().await;
            if !registry.services().log_is_available() {
                lock(&self.roster).lapse();
            }
            self.beat().await;
        }
    }

    async fn beat(&self) {
        let number = lock(&self.roster).beat(Instant::now());
        self.bus.broadcast(PeerMessage::Beat { from: self.me, number }.encode()).await;
    }

    async fn hear_for_ever(self: &Arc<Self>, registry: &Registry) {
        let mut relays = Relays::new(Arc::clone(self), registry.clone());
        loop {
            let mut messages = self.bus.listen(self.me).await;
            // Heard at once, so that no answer has to wait for the next beat.
            self.beat().await;
            while let Some(message) = messages.next().await {
                match PeerMessage::decode(&message) {
                    Some(message) => self.hear(message, registry, &mut relays),
                    None => tracing::debug!(bytes = message.len(), "a peer's message is not of this release"),
                }
            }
            tracing::warn!("the bus was closed: listening anew");
            sleep(DEAF).await;
        }
    }

    fn hear(&self, message: PeerMessage, registry: &Registry, relays: &mut Relays) {
        match message {
            PeerMessage::Beat { from, number } => lock(&self.roster).heard(from, number, Instant::now()),
            PeerMessage::Leave { from } => lock(&self.roster).left(from, Instant::now()),
            PeerMessage::Follow { .. } if !self.relays() => {}
            PeerMessage::Follow { from, follow, conversation, message, token } => {
                relays.begin(from, follow, conversation, message, token);
            }
            PeerMessage::Tokens { follow, first, tokens } => self.relayed(follow, Relayed::Tokens { first, tokens }),
            PeerMessage::Ended { follow } => self.relayed(follow, Relayed::Ended),
            PeerMessage::Stop { conversation, message } => registry.stop_here(conversation, message),
        }
    }
}

/// Lives among the peers of `registry`'s log: beats, relays answers, and tells live conversations what others append.
pub(crate) async fn live(peers: Arc<Peers>, registry: Registry) {
    let (beating, watching) = (peers.beat_for_ever(&registry), watch::watch(registry.clone()));
    tokio::join!(beating, watching, peers.hear_for_ever(&registry));
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change is a single call, so what is guarded is whole even if a holder panicked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
