//! Watching the log: what other processes append goes to the conversations that are live here.

use std::time::Duration;

use chat_eventlog::LogError;
use futures_util::StreamExt;
use tokio::time::sleep;

use crate::registry::Registry;

/// Pause before the log is asked again after an error.
const PAUSE: Duration = Duration::from_secs(1);

/// Watches until the log is closed. What is missed after an error costs a conversation a conflict, no more.
pub(super) async fn watch(registry: Registry) {
    loop {
        match follow(&registry).await {
            Ok(()) => return,
            Err(LogError::Unavailable(_)) => {}
            Err(error @ LogError::Unreadable { .. }) => tracing::error!(%error, "an event cannot be watched"),
        }
        sleep(PAUSE).await;
    }
}

async fn follow(registry: &Registry) -> Result<(), LogError> {
    let log = &registry.services().log;
    let mut events = log.subscribe(log.end().await?);
    while let Some(recorded) = events.next().await {
        registry.advance(recorded?.event);
    }
    Ok(())
}
