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

/// What all processes of a test are connected to.
#[derive(Clone, Default)]
pub struct MemoryBus(Arc<Line>);

#[derive(Default)]
struct Line {
    listeners: Mutex<Vec<Listener>>,
    /// Loses every n-th message to a single process; 0: none.
    lose_every: AtomicUsize,
    sent: AtomicUsize,
}

struct Listener {
    me: OwnerId,
    connected: Arc<AtomicBool>,
    inbox: UnboundedSender<Bytes>,
}

/// One process's connection.
pub struct Connection {
    line: Arc<Line>,
    connected: Arc<AtomicBool>,
}

impl MemoryBus {
    pub fn connect(&self) -> Arc<Connection> {
        Arc::new(Connection { line: Arc::clone(&self.0), connected: Arc::new(AtomicBool::new(true)) })
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

    fn deliver(&self, message: &Bytes, to: impl Fn(OwnerId) -> bool) {
        if !self.connected.load(Ordering::SeqCst) {
            return;
        }
        for listener in self.line.listeners.lock().unwrap().iter() {
            if to(listener.me) && listener.connected.load(Ordering::SeqCst) {
                let _ = listener.inbox.send(message.clone());
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
        stream::unfold(messages, |mut messages| async move { Some((messages.recv().await?, messages)) }).boxed()
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
}
