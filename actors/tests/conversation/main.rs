//! The actor against a real log that fails on command, and an assistant that says what the test tells it to.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "tests, and helpers of tests outside of #[test] functions"
)]

mod bench;
#[path = "../support/faulty_log.rs"]
mod faulty_log;
#[path = "../support/memory_bus.rs"]
mod memory_bus;
#[path = "../support/puppet.rs"]
mod puppet;

mod history;
mod keeping_bus;
mod rating;
mod replicas;
mod stopping;
mod turns;
