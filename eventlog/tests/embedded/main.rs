//! The embedded log: the suite that every backend passes, and what only this one has to stand.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected should fail")]

#[path = "../support/canary.rs"]
mod canary;
mod closing;
mod erasing;
mod format_one;
mod full_disk;
mod kill;
#[path = "../support/looking.rs"]
mod looking;
mod opening;
mod rerun;
mod tampering;
mod unsure_commit;

use std::sync::Arc;

use async_trait::async_trait;
use chat_eventlog::EventLog;
use chat_eventlog::conformance::Backend;
use chat_eventlog::embedded::EmbeddedLog;
use tempfile::TempDir;

struct Embedded(TempDir);

#[async_trait]
impl Backend for Embedded {
    async fn start() -> Self {
        Self(TempDir::new().unwrap())
    }

    async fn open(&self) -> Arc<dyn EventLog> {
        Arc::new(EmbeddedLog::open(self.0.path()).unwrap())
    }
}

chat_eventlog::conformance_suite!(Embedded);
