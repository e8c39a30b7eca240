//! A log in memory that can be cut, closed and damaged, and that counts what it delivers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chat_eventlog::{Append, EventLog, LogError, LogIdentity, Position, Recorded, Subscription};
use chat_schema::{ConversationId, DecodeError, Event, Head, SealedEvent};
use futures_util::stream::{self, StreamExt};
use tokio::sync::watch;
use uuid::Uuid;

#[derive(Clone, Default)]
struct Entries {
    /// Entry n stands at position n + 1; `None` cannot be read.
    entries: Vec<Option<SealedEvent>>,
    away: bool,
    closed: bool,
    /// Answered by `end` instead of the last position.
    announced_end: Option<Position>,
    /// Every subscription starts over, whatever it asks for.
    from_the_start: bool,
}

pub(crate) struct LogDouble {
    identity: LogIdentity,
    entries: watch::Sender<Entries>,
    heads: Mutex<HashMap<ConversationId, Head>>,
    delivered: Arc<AtomicUsize>,
    /// How often `end` was asked for: once a try to follow.
    pub(crate) tries: watch::Sender<usize>,
    /// How often the log was subscribed to.
    pub(crate) subscriptions: watch::Sender<usize>,
}

impl LogDouble {
    pub(crate) fn new(identity: u128) -> Self {
        Self {
            identity: LogIdentity(Uuid::from_u128(identity)),
            entries: watch::Sender::default(),
            heads: Mutex::default(),
            delivered: Arc::default(),
            tries: watch::Sender::default(),
            subscriptions: watch::Sender::default(),
        }
    }

    /// Stores `event` as the next one of the conversation of `session`. Event n of the log has id n.
    pub(crate) fn happens(&self, session: &str, at: u64, event: Event) {
        let conversation = ConversationId::of(&session.parse().unwrap());
        let mut heads = self.heads.lock().unwrap();
        let head = heads.entry(conversation).or_insert(Head::EMPTY);
        let id = Uuid::from_u128(u128::from(self.last().get() + 1)).into();
        let sealed = SealedEvent::seal(*head, conversation, id, at, event);
        *head = sealed.head();
        self.store(Some(sealed));
    }

    /// As if the conversation's next `count` events had never been stored.
    pub(crate) fn loses(&self, session: &str, count: u64) {
        let conversation = ConversationId::of(&session.parse().unwrap());
        self.heads.lock().unwrap().entry(conversation).or_insert(Head::EMPTY).version += count;
    }

    /// Holds the event at `position` once more, at its end.
    pub(crate) fn repeats(&self, position: Position) {
        let event = self.entries.borrow().entries[position.get() as usize - 1].clone();
        self.store(event);
    }

    pub(crate) fn holds_something_unreadable(&self) {
        self.store(None);
    }

    fn store(&self, entry: Option<SealedEvent>) {
        self.entries.send_modify(|log| log.entries.push(entry));
    }

    /// Drops what was stored after `position`, as a restored backup does.
    pub(crate) fn truncate(&self, position: Position) {
        self.entries.send_modify(|log| log.entries.truncate(position.get() as usize));
    }

    pub(crate) fn set_away(&self, away: bool) {
        self.entries.send_modify(|log| log.away = away);
    }

    pub(crate) fn set_closed(&self, closed: bool) {
        self.entries.send_modify(|log| log.closed = closed);
    }

    pub(crate) fn announce_end(&self, end: Position) {
        self.entries.send_modify(|log| log.announced_end = Some(end));
    }

    pub(crate) fn redeliver_everything(&self) {
        self.entries.send_modify(|log| log.from_the_start = true);
    }

    pub(crate) fn last(&self) -> Position {
        Position::new(self.entries.borrow().entries.len() as u64)
    }

    /// Events handed out to subscriptions so far.
    pub(crate) fn delivered(&self) -> usize {
        self.delivered.load(Ordering::SeqCst)
    }
}

impl Entries {
    fn after(&self, position: Position) -> Option<Result<Recorded, LogError>> {
        let entry = self.entries.get(position.get() as usize)?;
        let position = Position::new(position.get() + 1);
        Some(match entry {
            Some(event) => Ok(Recorded { position, event: event.clone() }),
            None => Err(LogError::Unreadable { position, source: DecodeError::Newer(99) }),
        })
    }
}

fn away() -> LogError {
    LogError::Unavailable("pulled the plug".to_owned())
}

#[async_trait]
impl EventLog for LogDouble {
    async fn append(&self, _: ConversationId, _: u64, _: &[SealedEvent]) -> Append {
        unreachable!("read models never write to the log")
    }

    async fn read(&self, _: ConversationId, _: u64) -> Result<Vec<Recorded>, LogError> {
        unreachable!("read models only subscribe")
    }

    async fn erase(&self, _: &SealedEvent) -> Result<(), LogError> {
        unreachable!("read models never write to the log")
    }

    fn subscribe(&self, after: Position) -> Subscription {
        self.subscriptions.send_modify(|times| *times += 1);
        let log = self.entries.subscribe();
        let delivered = self.delivered.clone();
        let after = if log.borrow().from_the_start { Position::START } else { after };
        stream::unfold((log, after), move |(mut log, after)| {
            let delivered = delivered.clone();
            async move {
                let next = {
                    let ready = |log: &Entries| log.away || log.closed || log.after(after).is_some();
                    let log = log.wait_for(ready).await.ok()?;
                    match log.after(after) {
                        _ if log.away => Err(away()),
                        Some(next) => next,
                        None => return None,
                    }
                };
                let position = match &next {
                    Ok(recorded) => recorded.position,
                    Err(_) => after,
                };
                delivered.fetch_add(usize::from(next.is_ok()), Ordering::SeqCst);
                Some((next, (log, position)))
            }
        })
        .boxed()
    }

    async fn end(&self) -> Result<Position, LogError> {
        self.tries.send_modify(|times| *times += 1);
        let log = self.entries.borrow();
        let last = Position::new(log.entries.len() as u64);
        if log.away { Err(away()) } else { Ok(log.announced_end.unwrap_or(last)) }
    }

    fn identity(&self) -> LogIdentity {
        self.identity
    }

    fn is_available(&self) -> bool {
        !self.entries.borrow().away
    }
}
