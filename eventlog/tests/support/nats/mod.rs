//! Real nats-servers for tests: one, or a cluster of three, on free loopback ports with the configuration of `deploy/nats`,
//! and a proxy that breaks the connection to one of them.
//!
//! Include it from the tests of any crate with `#[path = ".../eventlog/tests/support/nats/mod.rs"] mod nats;`. Needs `serde_json` and
//! `tempfile`. Nothing here is async: the servers and the proxy go on while a test's own runtime is busy or stands still.

#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

mod asking;
mod binary;
mod cluster;
mod node;
mod ports;
mod proxy;
mod server;

use std::path::PathBuf;
use std::time::{Duration, Instant};

#[allow(unused_imports, reason = "each test uses a part of it")]
pub(crate) use cluster::Cluster;
#[allow(unused_imports, reason = "each test uses a part of it")]
pub(crate) use proxy::{Mode, Proxy};
#[allow(unused_imports, reason = "each test uses a part of it")]
pub(crate) use server::Server;

/// The user that `open-chat` is, in `accounts.conf`.
pub(crate) const USER: &str = "open-chat";
pub(crate) const PASSWORD: &str = "password-of-open-chat-in-these-tests";
/// The user of the system account.
pub(crate) const OPERATOR: &str = "operator";
pub(crate) const OPERATOR_PASSWORD: &str = "test-password-of-the-operator";

/// A bound on hangs, not a measurement.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// The folder with the configuration that compose and Kubernetes use too.
pub(crate) fn configuration() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/nats")).canonicalize().unwrap()
}

/// Polls until `condition` gives a value.
pub(crate) fn until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < deadline, "waited {} s in vain until {what}", PATIENCE.as_secs());
        std::thread::sleep(PAUSE);
    }
}
