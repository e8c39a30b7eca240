//! Retention: conversations in which nothing happened for `RETENTION_DAYS` are erased, in the same way as by an operator.
//!
//! Any replica may do it, and several at the same time do no harm: what is erased already is passed over.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chat_projections::{Cursor, Filter};
use chat_schema::{ConversationId, Operator};
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
        match erase_all(&app, age).await {
            Ok(()) => sleep(LOOK).await,
            Err(error) => {
                tracing::debug!(%error, "old conversations cannot be erased now");
                sleep(RETRY).await;
            }
        }
    }
}

/// Goes once through all conversations whose newest message is older than `age`. Those that go on stay: a rating does not show in
/// the list, and the read models may be behind.
async fn erase_all(app: &App, age: Duration) -> Result<(), ApiError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let before = now.saturating_sub(age).as_millis() as u64;
    // At start they may be behind by all that there is to erase, and the next look is far away.
    app.models.caught_up(app.services.acknowledged(), PATIENCE).await;
    let mut after: Option<Cursor> = None;
    loop {
        let filter = Filter { to: Some(before), ..Filter::default() };
        let page = app.models.conversations(filter, BATCH, after).await?;
        let found = page.conversations.into_iter().map(|summary| summary.id).collect();
        let idle = app.registry.idle_since(found, before).await?;
        if !idle.is_empty() {
            erase(app, idle).await?;
            sleep(PAUSE).await;
        }
        after = page.next_cursor.and_then(|next| next.parse().ok());
        if after.is_none() {
            return Ok(());
        }
    }
}

async fn erase(app: &App, idle: Vec<ConversationId>) -> Result<(), ApiError> {
    let conversations = idle.len();
    let erased = app.registry.erase(Operator::Retention, idle).await?;
    app.models.caught_up(erased.position, PATIENCE).await;
    if let Err(error) = app.models.wipe_traces().await {
        tracing::warn!(%error, "traces of erased conversations are still in the read models' files");
    }
    tracing::info!(conversations, "conversations older than the retention time are erased");
    Ok(())
}
