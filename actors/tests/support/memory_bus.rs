//! A bus in memory, cut or lossy when the test says so.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use chat_eventlog::Bus;
use chat_schema::OwnerId;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::watch;

/// What all processes of a test are connected to.
#[derive(Clone, Default)]
pub struct MemoryBus(Arc<Line>);

#[derive(Default)]
struct Line {
    listeners: Mutex<Vec<Listener>>,
    /// Loses every n-th message to a single process; 0: none.
    lose_every: AtomicUsize,
    sent: AtomicUsize,
    /// Everything that was sent, if the bus keeps what it carries.
    kept: Mutex<Option<Vec<Bytes>>>,
}

struct Listener {
    me: OwnerId,
    connected: Arc<AtomicBool>,
    /// Messages, and whether they are the listener's own.
    inbox: UnboundedSender<(Bytes, bool)>,
}
/// One process's connection.
pub struct Connection {
    line: Arc<Line>,
    connected: Arc<AtomicBool>,
    /// Messages of this process that came back to it and that it has handled.
    echoes: Arc<watch::Sender<u64>>,
}

impl MemoryBus {
    pub fn connect(&self) -> Arc<Connection> {
        let connected = Arc::new(AtomicBool::new(true));
        Arc::new(Connection { line: Arc::clone(&self.0), connected, echoes: Arc::default() })
    }

    /// A bus that keeps what it carries.
    pub fn that_keeps() -> Self {
        let bus = Self::default();
        *bus.0.kept.lock().unwrap() = Some(Vec::new());
        bus
    }

    /// What it has carried and kept.
    pub fn kept(&self) -> String {
        let kept = self.0.kept.lock().unwrap();
        kept.iter().flatten().map(|message| String::from_utf8_lossy(message)).collect()
    }

    pub fn lose_every(&self, n: usize) {
        self.0.lose_every.store(n, Ordering::SeqCst);
    }
}

impl Connection {
    pub fn cut(&self) {
        self.connected.store(false, Ordering::SeqCst);
    }

    pub fn mend(&self) {
        self.connected.store(true, Ordering::SeqCst);
    }

    /// Waits until this process has handled a message of its own that comes back from now on.
    pub async fn until_echo(&self) {
        let mut echoes = self.echoes.subscribe();
        let seen = *echoes.borrow();
        echoes.wait_for(|echoes| *echoes > seen).await.unwrap();
    }

    fn deliver(&self, message: &Bytes, to: impl Fn(OwnerId) -> bool) {
        if let Some(kept) = &mut *self.line.kept.lock().unwrap() {
            kept.push(message.clone());
        }
        if !self.connected.load(Ordering::SeqCst) {
            return;
        }
        for listener in self.line.listeners.lock().unwrap().iter() {
            if to(listener.me) && listener.connected.load(Ordering::SeqCst) {
                let own = Arc::ptr_eq(&listener.connected, &self.connected);
                let _ = listener.inbox.send((message.clone(), own));
            }
        }
    }
}

#[async_trait]
impl Bus for Connection {
    async fn listen(&self, me: OwnerId) -> BoxStream<'static, Bytes> {
        let (inbox, messages) = unbounded_channel();
        let connected = Arc::clone(&self.connected);
        self.line.listeners.lock().unwrap().push(Listener { me, connected, inbox });
        let handled = (messages, Arc::clone(&self.echoes), false);
        let messages = stream::unfold(handled, |(mut messages, echoes, was_own)| async move {
            echoes.send_modify(|echoes| *echoes += u64::from(was_own));
            let (message, own) = messages.recv().await?;
            Some((message, (messages, echoes, own)))
        });
        messages.boxed()
    }

    async fn send(&self, to: OwnerId, message: Bytes) {
        let (every, number) =
            (self.line.lose_every.load(Ordering::SeqCst), self.line.sent.fetch_add(1, Ordering::SeqCst));
        if every == 0 || !(number + 1).is_multiple_of(every) {
            self.deliver(&message, |me| me == to);
        }
    }

    async fn broadcast(&self, message: Bytes) {
        self.deliver(&message, |_| true);
    }

    fn forgets(&self) -> bool {
        self.line.kept.lock().unwrap().is_none()
    }
}
