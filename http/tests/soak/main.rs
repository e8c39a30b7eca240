//! Faults under load: real replicas, real log servers, visitors who try again, and a checker that reads the whole log afterwards.
//!
//! `cargo xtask soak` runs it for longer. What it measures is written to `target/soak/faults.jsonl`.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "tests, and helpers of tests outside of #[test] functions"
)]

mod checker;
mod faults;
mod measure;
mod model;
mod negative_control;
mod replicas;
mod report;
mod run;
mod seen;
mod stand;
mod visitors;

#[path = "../it/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the black-box tests, which use all of it")]
mod support;

#[path = "../../../eventlog/tests/support/nats/mod.rs"]
mod nats;

#[path = "../../../eventlog/tests/support/identities.rs"]
#[allow(dead_code, reason = "shared with the black-box tests, which use all of it")]
mod identities;

#[cfg(feature = "eventstore")]
#[path = "../it/fake_eventstore.rs"]
#[allow(dead_code, reason = "shared with the black-box tests, which use all of it")]
mod fake_eventstore;
