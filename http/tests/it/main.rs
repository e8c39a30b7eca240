//! Black-box tests: the real binary on a free port, a scripted model server on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "tests, and helpers of tests outside of #[test] functions"
)]

mod support;

#[path = "../../../eventlog/tests/support/nats/mod.rs"]
mod nats;

#[path = "../../../eventlog/tests/support/identities.rs"]
mod identities;

#[cfg(feature = "eventstore")]
mod fake_eventstore;

mod admin;
mod admin_callers;
mod audit;
mod audit_reading;
mod backup;
mod contract;
mod cors;
mod crash;
mod dashboard;
mod deployment;
mod disk_faults;
mod erase;
mod erase_killed;
#[cfg(feature = "eventstore")]
mod eventstore;
mod export;
mod export_memory;
mod feed;
mod health;
mod import;
mod jetstream;
mod jetstream_login;
mod metrics;
mod metrics_named;
mod overload;
mod projections;
mod replicas;
mod retries;
mod reverse_proxy;
mod seed;
mod session;
mod sessions;
mod shutdown;
mod start;
mod storage;
mod streaming;
mod traces;
mod upstream_faults;
