//! `deploy/nats`, on real servers: what `open-chat` needs is allowed, and nothing else.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected should fail")]

#[path = "../support/nats/mod.rs"]
mod nats;

mod permissions;
mod servers;
