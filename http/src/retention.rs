//! Retention: conversations in which nothing happened for `RETENTION_DAYS` are erased, in the same way as by an operator.
//!
//! Any replica may do it, and several at the same time do no harm: what is erased already is passed over.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chat_projections::Filter;
use chat_schema::Operator;
use tokio::time::sleep;

use crate::app::App;
use crate::error::ApiError;

/// How often old conversations are looked for.
const LOOK: Duration = Duration::from_secs(3600);
/// Pause before read models or a log that are not ready are asked again.
const RETRY: Duration = Duration::from_secs(1);
/// Conversations erased at a time, and the pause between: visitors come first.
const BATCH: u32 = 50;
const PAUSE: Duration = Duration::from_millis(200);
/// How long the read models may take to pass an erasure.
const PATIENCE: Duration = Duration::from_secs(60);

/// Erases what is older than `age`, for as long as it runs.
pub(crate) async fn retain(app: App, age: Duration) {
    loop {
        match erase_some(&app, age).await {
            Ok(0) => sleep(LOOK).await,
            Ok(_) => sleep(PAUSE).await,
            Err(error) => {
                tracing::debug!(%error, "old conversations cannot be erased now");
                sleep(RETRY).await;
            }
        }
    }
}

/// How many were erased.
async fn erase_some(app: &App, age: Duration) -> Result<usize, ApiError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let before = now.saturating_sub(age).as_millis() as u64;
    // At start they may be behind by all that there is to erase, and the next look is far away.
    app.models.caught_up(app.services.acknowledged(), PATIENCE).await;
    let page = app.models.conversations(Filter { to: Some(before), ..Filter::default() }, BATCH, None).await?;
    let found = page.conversations.into_iter().map(|summary| summary.id).collect();
    // The read models may be behind: a conversation that goes on stays.
    let idle = app.registry.idle_since(found, before).await?;
    if idle.is_empty() {
        return Ok(0);
    }
    let conversations = idle.len();
    let erased = app.registry.erase(Operator::Retention, idle).await?;
    app.models.caught_up(erased.position, PATIENCE).await;
    if let Err(error) = app.models.wipe_traces().await {
        tracing::warn!(%error, "traces of erased conversations are still in the read models' files");
    }
    tracing::info!(conversations, "conversations older than the retention time are erased");
    Ok(conversations)
}
