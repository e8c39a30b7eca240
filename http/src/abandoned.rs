//! Turns whose process is gone: a visitor may never come back for his, and an operator should see that it failed. Opening the conversation
//! closes it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chat_actors::Registry;
use chat_projections::ReadModels;
use tokio::time::{Instant, sleep};

/// How often they are looked for.
const LOOK: Duration = Duration::from_millis(250);
/// Pause before a conversation is opened again whose turn is still open: the log may be away, or the read models behind.
const AGAIN: Duration = Duration::from_secs(5);

/// Has abandoned turns closed for as long as it runs.
pub(crate) async fn close_turns(models: Arc<ReadModels>, registry: Registry) {
    let mut opened: HashMap<_, Instant> = HashMap::new();
    loop {
        sleep(LOOK).await;
        // Without read models, turns are closed when a visitor comes.
        let Ok(turns) = models.open_turns().await else { continue };
        let now = Instant::now();
        opened.retain(|_, at| now.duration_since(*at) < AGAIN);
        for (conversation, owner) in turns {
            if registry.is_abandoned(conversation, owner) && !opened.contains_key(&conversation) {
                opened.insert(conversation, now);
                registry.wake(conversation);
            }
        }
    }
}
