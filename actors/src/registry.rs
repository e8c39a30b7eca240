//! Finds the actor of a conversation, and opens it when there is none.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix::dev::ToEnvelope;
use actix::prelude::*;
use chat_schema::{ConversationId, History, MessageId, OwnerId, Rating, SealedEvent, SessionId};
use tokio::sync::watch;

use crate::conversation::{
    Advance, AttachOnly, ConversationActor, Rate, Rest, RunningHere, SendMessage, Stop, Submit, Wake, WatchTurn,
};
use crate::history;
use crate::peers;
use crate::progress::{Attachment, Progress, Refusal};
use crate::services::Services;

/// Actors tried for one message: one that just passivated or died, and the one opened in its place.
const MAX_TRIES: u32 = 3;

/// Actors asked for rest before other work has its turn.
const ASKED_AT_ONCE: usize = 256;

/// The live conversations, and whether those that are idle are being looked for.
#[derive(Default)]
struct Live {
    actors: HashMap<ConversationId, Addr<ConversationActor>>,
    watched: bool,
}

/// The live conversations of this process. Clones share them.
#[derive(Clone)]
pub struct Registry {
    services: Arc<Services>,
    live: Arc<Mutex<Live>>,
}

impl Registry {
    /// A registry without live conversations.
    pub fn new(services: Arc<Services>) -> Self {
        Self { services, live: Arc::default() }
    }

    /// Takes a message in: stores and answers it, queues it, or attaches to what became of it before.
    ///
    /// An actor is opened on the caller's arbiter, so that a conversation mostly lives where its requests arrive.
    ///
    /// # Errors
    /// The message was not taken in.
    pub async fn submit(&self, message: SendMessage) -> Result<Attachment, Refusal> {
        let id = ConversationId::of(&message.session_id);
        // Of traces only: off at its source while nobody wants it.
        let turn = tracing::debug_span!("turn", conversation_id = %id);
        self.ask(id, || Submit(message.clone(), turn.clone())).await.unwrap_or(Err(Refusal::Internal))
    }

    /// Attaches to a message that is known and needs no new attempt; `None` if there is no such message.
    ///
    /// # Errors
    /// The id came with another text before, or the conversation cannot be read.
    pub async fn attach(&self, message: SendMessage) -> Option<Result<Attachment, Refusal>> {
        let id = ConversationId::of(&message.session_id);
        self.ask(id, || AttachOnly(message.clone())).await.unwrap_or(Some(Err(Refusal::Internal)))
    }

    /// Stops the answer to a message: to a running one its clients see [`Stage::Done`](crate::Stage) once it is stored how far it
    /// got; a waiting one ends so when its turn comes; an ended one stays as it is.
    ///
    /// # Errors
    /// There is no such message, or the conversation cannot be read.
    pub async fn stop(&self, session: &SessionId, message: MessageId) -> Result<(), Refusal> {
        let id = ConversationId::of(session);
        self.ask(id, || Stop(message.clone())).await.unwrap_or(Err(Refusal::Internal))
    }

    /// Rates the answer to a message, or takes its rating back. Returns once that is durable.
    ///
    /// # Errors
    /// There is no such answer, too many ratings are waiting, or the log cannot take it.
    pub async fn rate(&self, session: &SessionId, message: MessageId, rating: Option<Rating>) -> Result<(), Refusal> {
        let id = ConversationId::of(session);
        self.ask(id, || Rate(message.clone(), rating)).await.unwrap_or(Err(Refusal::Internal))
    }

    /// What has been said in a session: read from the log, so it opens no actor and has all that was acknowledged.
    ///
    /// # Errors
    /// The conversation cannot be read.
    pub async fn history(&self, session: &SessionId) -> Result<History, Refusal> {
        history::read(&self.services, ConversationId::of(session)).await
    }

    /// Lives among the processes that share the log: tells them that this one lives, relays its answers to them, and follows what they append. To be run once beside everything else; ends at once on a log of one process.
    pub async fn live_among_peers(self) {
        if let Some(peers) = self.services.peers.clone() {
            peers::live(peers, self).await;
        }
    }

    /// The turn of a conversation that is being answered, here or by another process, and its answer so far; `None` if there is none,
    /// or this process has not heard of it yet.
    pub async fn watch_turn(&self, id: ConversationId) -> Option<(MessageId, watch::Receiver<Progress>)> {
        self.ask(id, || WatchTurn).await.flatten()
    }

    /// The answer to a message as this process generates it; `None` if it does not.
    pub(crate) async fn running_here(
        &self,
        id: ConversationId,
        message: MessageId,
    ) -> Option<watch::Receiver<Progress>> {
        let actor = self.lock().actors.get(&id).cloned()?;
        actor.send(RunningHere(message)).await.ok().flatten()
    }

    /// Stops the answer to a message, if this process generates it.
    pub(crate) fn stop_here(&self, id: ConversationId, message: MessageId) {
        if let Some(actor) = self.lock().actors.get(&id) {
            actor.do_send(Stop(message));
        }
    }

    /// Tells a live conversation of an event that was appended to it.
    pub(crate) fn advance(&self, event: SealedEvent) {
        if let Some(actor) = self.lock().actors.get(&event.envelope.conversation_id) {
            actor.do_send(Advance(event));
        }
    }

    /// Whether the open turn of a conversation runs nowhere, as far as this process knows.
    pub fn is_abandoned(&self, id: ConversationId, owner: OwnerId) -> bool {
        let runs_here = owner == self.services.owner && self.lock().actors.contains_key(&id);
        !runs_here && self.services.is_gone(owner)
    }

    /// Opens a conversation, so that a turn that a dead process left open is closed.
    pub fn wake(&self, id: ConversationId) {
        self.open(id).do_send(Wake);
    }

    pub(crate) fn services(&self) -> &Services {
        &self.services
    }

    /// Conversations in memory.
    pub fn live_conversations(&self) -> usize {
        self.lock().actors.len()
    }

    async fn ask<M>(&self, id: ConversationId, message: impl Fn() -> M) -> Option<M::Result>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        ConversationActor: Handler<M>,
        Context<ConversationActor>: ToEnvelope<ConversationActor, M>,
    {
        for _ in 0..MAX_TRIES {
            let actor = self.open(id);
            match actor.send(message()).await {
                Ok(result) => return Some(result),
                Err(_) => self.forget(id, &actor),
            }
        }
        tracing::error!(conversation_id = %id, "conversation actor died again and again");
        None
    }

    fn open(&self, id: ConversationId) -> Addr<ConversationActor> {
        let start = || ConversationActor::new(id, Arc::clone(&self.services), self.clone()).start();
        let mut live = self.lock();
        if !std::mem::replace(&mut live.watched, true) {
            actix::spawn(self.clone().passivate_idle());
        }
        match live.actors.entry(id) {
            Entry::Occupied(entry) if entry.get().connected() => entry.get().clone(),
            Entry::Occupied(mut entry) => {
                entry.insert(start());
                entry.get().clone()
            }
            Entry::Vacant(entry) => entry.insert(start()).clone(),
        }
    }

    /// Lets conversations leave that were idle for a while; ends with the last one. One timer for all, instead of one in every actor's
    /// memory.
    async fn passivate_idle(self) {
        loop {
            tokio::time::sleep(self.services.settings.passivate_after).await;
            let actors: Vec<_> = {
                let mut live = self.lock();
                live.watched = !live.actors.is_empty();
                live.actors.values().cloned().collect()
            };
            if actors.is_empty() {
                return;
            }
            for some in actors.chunks(ASKED_AT_ONCE) {
                some.iter().for_each(|actor| actor.do_send(Rest));
                tokio::task::yield_now().await;
            }
        }
    }

    /// Drops `actor` from the live ones, unless another has taken its place.
    pub(crate) fn forget(&self, id: ConversationId, actor: &Addr<ConversationActor>) {
        if let Entry::Occupied(entry) = self.lock().actors.entry(id)
            && entry.get() == actor
        {
            entry.remove();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Live> {
        // Every change of the map is a single call, so it is whole even if a holder panicked.
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
