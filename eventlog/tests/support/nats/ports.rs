//! Loopback ports for servers that are stopped and started again at the same address.
//!
//! Invariant: never from the range that the system gives to outgoing connections. While a server is down, a client that
//! tries again could otherwise be given that very port as its own, connect to itself, and keep the server from starting.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;

/// A listener on a port that nobody listens on, and that this process was never given before: a server of another test may be
/// down just now and want its port back.
pub(super) fn listen() -> TcpListener {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    for _ in 0..COUNT {
        // Processes that test at the same time begin at different places.
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + clock.wrapping_add(std::process::id() * 97).wrapping_add(step) % COUNT;
        let port = u16::try_from(port).unwrap();
        if GIVEN.lock().unwrap().insert(port)
            && let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        {
            return listener;
        }
    }
    panic!("no free port between {FIRST} and {}", FIRST + COUNT);
}

/// Ports that were free a moment ago. Who starts a server on one tries another when it was taken in between.
pub(super) fn free<const N: usize>() -> [u16; N] {
    let listeners: [TcpListener; N] = std::array::from_fn(|_| listen());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}
