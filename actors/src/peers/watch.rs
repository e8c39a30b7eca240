//! Watching the log: what other processes append goes to the conversations that are live here, and the turns of a process that died
//! are closed though no visitor asks for them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chat_eventlog::{LogError, Recorded, Subscription};
use chat_schema::{ConversationId, Event, OwnerId, SealedEvent};
use futures_util::StreamExt;
use tokio::time::{Instant, interval, sleep};

use super::Peers;
use crate::registry::Registry;

/// How often it is looked whether the owner of an open turn died.
const LOOK: Duration = Duration::from_millis(250);
/// Pause before a turn whose closing was not seen is gone about again.
const AGAIN: Duration = Duration::from_secs(5);
/// Pause before a log that is away is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// Watches until the log is closed.
pub(super) async fn watch(peers: Arc<Peers>, registry: Registry) {
    loop {
        let Ok(end) = registry.services().log.end().await else {
            sleep(PAUSE).await;
            continue;
        };
        match follow(&peers, &registry, registry.services().log.subscribe(end)).await {
            Some(LogError::Unavailable(_)) => sleep(PAUSE).await,
            Some(error @ LogError::Unreadable { .. }) => {
                tracing::error!(%error, "an event of another process cannot be watched");
                sleep(PAUSE).await;
            }
            None => return,
        }
    }
}

/// `None`: the log was closed.
async fn follow(peers: &Peers, registry: &Registry, mut events: Subscription) -> Option<LogError> {
    let mut open = OpenTurns::default();
    let mut looks = interval(LOOK);
    loop {
        tokio::select! {
            event = events.next() => match event? {
                Ok(Recorded { event, .. }) => {
                    open.fold(peers.me, &event);
                    registry.advance(event);
                }
                Err(error) => return Some(error),
            },
            _ = looks.tick() => {
                for conversation in open.due(Instant::now(), |owner| peers.is_dead(owner)) {
                    // Opening the conversation closes the turn.
                    registry.wake(conversation);
                }
            }
        }
    }
}

/// The turns of other processes that are open, as far as they were opened since this one watches.
#[derive(Default)]
struct OpenTurns(HashMap<ConversationId, OpenElsewhere>);

struct OpenElsewhere {
    owner: OwnerId,
    closing_due: Option<Instant>,
}

impl OpenTurns {
    fn fold(&mut self, me: OwnerId, event: &SealedEvent) {
        let conversation = event.envelope.conversation_id;
        match event.envelope.event {
            Event::UserMessaged { owner, .. } | Event::ReplyStarted { owner, .. } if owner != me => {
                self.0.insert(conversation, OpenElsewhere { owner, closing_due: None });
            }
            Event::MessageRated { .. } => {}
            _ => drop(self.0.remove(&conversation)),
        }
    }

    /// The conversations whose open turn should be closed now.
    fn due(&mut self, now: Instant, is_dead: impl Fn(OwnerId) -> bool) -> Vec<ConversationId> {
        let due = |turn: &&mut OpenElsewhere| turn.closing_due.is_none_or(|due| due <= now) && is_dead(turn.owner);
        let dead = self.0.iter_mut().filter_map(|(id, turn)| Some(turn).filter(due).map(|turn| (*id, turn)));
        dead.map(|(id, turn)| {
            turn.closing_due = Some(now + AGAIN);
            id
        })
        .collect()
    }
}
