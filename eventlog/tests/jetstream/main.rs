//! The log on JetStream, on real servers: the suite that every backend passes, on one server and on a cluster of three, and what
//! only this one has to stand.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected should fail")]

#[path = "../support/nats/mod.rs"]
mod nats;

#[path = "../support/canary.rs"]
mod canary;

#[path = "../support/identities.rs"]
mod identities;

#[path = "../support/looking.rs"]
mod looking;

mod away;
mod bus;
mod conformance;
mod connecting;
mod crashing;
mod erasing;
mod opening;
mod repeating;
mod resuming;
mod settings;
mod tampering;
mod waiting;
