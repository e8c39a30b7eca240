//! A TCP proxy in front of one nats-server, which breaks the connection in the way a test says.
//!
//! Invariant: what it passes on is what it was given, in order. A connection of which bytes were dropped is never used on.

mod connection;
mod forge;
mod frame;

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use connection::Connection;

use super::{PASSWORD, USER, ports};

/// What becomes of the bytes. New connections obey it as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They are passed on.
    Pass,
    /// Every connection is closed, and new ones are at once.
    Cut,
    /// A partition: connections stay open and nothing moves in either direction. What was held arrives when it heals, as TCP
    /// would send it again: a late publish lands then.
    Partition,
    /// What the client sends arrives; what the server says is dropped. The connections are closed when the mode ends.
    Deaf,
    /// Everything arrives so much later.
    Delay(Duration),
    /// An append is acknowledged and never arrives at the server. Everything else is passed on.
    Forge,
}

pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    server: u16,
    state: Mutex<State>,
    changed: Condvar,
    forged: AtomicU64,
}

struct State {
    mode: Mode,
    open: Vec<Arc<Connection>>,
    closed: bool,
}

impl Proxy {
    /// A proxy in front of the server on this port, which passes everything on.
    pub(crate) fn start(server: u16) -> Self {
        let listener = ports::listen();
        let port = listener.local_addr().unwrap().port();
        let state = Mutex::new(State { mode: Mode::Pass, open: Vec::new(), closed: false });
        let shared = Arc::new(Shared { server, state, changed: Condvar::new(), forged: AtomicU64::new(0) });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || accept(&listener, &accepting));
        Self { port, shared }
    }

    /// Where clients connect, with the credentials of `open-chat`.
    pub(crate) fn url(&self) -> String {
        format!("nats://{USER}:{PASSWORD}@127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Changes what becomes of the bytes, from now on and for good.
    pub(crate) fn set(&self, mode: Mode) {
        let mut state = self.shared.state.lock().unwrap();
        let before = std::mem::replace(&mut state.mode, mode);
        let other_kind = (before == Mode::Forge) != (mode == Mode::Forge);
        let spoiled = before == Mode::Deaf && mode != Mode::Deaf;
        if other_kind || spoiled || mode == Mode::Cut {
            state.open.drain(..).for_each(|connection| connection.close());
        }
        self.shared.changed.notify_all();
    }

    /// Connections that are open now.
    pub(crate) fn connections(&self) -> usize {
        self.shared.state.lock().unwrap().open.len()
    }

    /// How many acknowledgements were forged.
    pub(crate) fn forged(&self) -> u64 {
        self.shared.forged.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.set(Mode::Cut);
        self.shared.state.lock().unwrap().closed = true;
        // Wakes the thread that accepts.
        let _ = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

impl Shared {
    fn mode(&self) -> Mode {
        self.state.lock().unwrap().mode
    }

    /// The mode, as soon as it lets something through.
    fn mode_that_moves(&self) -> Mode {
        let state = self.state.lock().unwrap();
        self.changed.wait_while(state, |state| state.mode == Mode::Partition).unwrap().mode
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming().map_while(Result::ok) {
        if shared.state.lock().unwrap().closed {
            return;
        }
        let shared = Arc::clone(shared);
        std::thread::spawn(move || connection::serve(client, &shared));
    }
}
