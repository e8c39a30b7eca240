//! Which log is read.

use std::path::Path;

use anyhow::Context;
use chat_eventlog::archive::Archive;

use crate::config::Config;
use crate::startup;

/// Opens the log at `address`, or the configured one.
pub(crate) async fn open(address: Option<String>) -> anyhow::Result<Box<dyn Archive>> {
    let named = if address.is_some() { "--log" } else { "EVENT_LOG" };
    let storage = Config::load_storage(crate::environment(), Path::new("."), address)?;
    startup::open_archive(&storage).await.with_context(|| format!("{named} {}", storage.event_log))
}
