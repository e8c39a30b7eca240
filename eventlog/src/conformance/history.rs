//! How the suite appends, and how it looks at what a log holds.

use std::collections::HashMap;
use std::time::Duration;

use chat_schema::{ConversationId, Event, Head, SealedEvent};
use futures_util::StreamExt;
use tokio::time::{Instant, sleep};

use crate::archive::is_linked;
use crate::log::{Append, EventLog, LogError, Position, Recorded, Subscription};
use crate::settle::append_settled;

/// For outcomes that a log in good health does not know at first.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

/// Appends `events` where they belong: to their conversation, at the version before the first of them.
pub async fn append(log: &dyn EventLog, events: &[SealedEvent]) -> Append {
    let first = &events[0].envelope;
    append_settled(log, first.conversation_id, first.version - 1, events, PATIENCE).await
}

/// Appends an empty list.
pub(super) async fn append_nothing(log: &dyn EventLog, conversation: ConversationId, expected: u64) -> Append {
    append_settled(log, conversation, expected, &[], PATIENCE).await
}

/// Appends `events`, which nothing speaks against.
///
/// # Panics
/// They were not appended.
pub async fn store(log: &dyn EventLog, events: &[SealedEvent]) -> Position {
    match append(log, events).await {
        Append::Appended(position) => position,
        outcome => panic!("an append that should succeed answered {outcome:?}"),
    }
}

/// The next `count` events of a subscription.
///
/// # Panics
/// It failed or ended.
pub async fn take(subscription: &mut Subscription, count: usize) -> Vec<Recorded> {
    let mut events = Vec::with_capacity(count);
    while events.len() < count {
        events.push(subscription.next().await.expect("the subscription ended").unwrap());
    }
    events
}

/// The end of a log that may be away for a moment, as a cluster is while it elects.
async fn end(log: &dyn EventLog) -> Position {
    let begin = Instant::now();
    loop {
        match log.end().await {
            Ok(end) => return end,
            Err(LogError::Unavailable(_)) if begin.elapsed() < PATIENCE => sleep(PAUSE).await,
            Err(error) => panic!("the end of the log cannot be read: {error}"),
        }
    }
}

/// Everything the log holds now.
///
/// # Panics
/// It cannot be read, or its chains are broken.
pub async fn history(log: &dyn EventLog) -> Vec<Recorded> {
    let end = end(log).await;
    let mut events = Vec::new();
    let mut subscription = log.subscribe(Position::START);
    while events.last().map_or(Position::START, |last: &Recorded| last.position) < end {
        events.extend(take(&mut subscription, 1).await);
    }
    assert_chained(&events);
    events
}

/// Waits until a subscription brings this and nothing else. In a cluster it may be served by a server that carries out an erasure a
/// moment later than the leader.
///
/// # Panics
/// That never comes, or the log cannot be read, or its chains are broken.
pub(super) async fn until_history_is(log: &dyn EventLog, expected: &[SealedEvent]) {
    let begin = Instant::now();
    loop {
        let found = sealed(history(log).await);
        if found == expected {
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "the history is {found:?} instead of {expected:?}");
        sleep(PAUSE).await;
    }
}

/// Checks that positions increase and that every conversation's chain of hashes is whole, from its first event on or the one that
/// erased it.
///
/// # Panics
/// It is not so.
pub fn assert_chained(events: &[Recorded]) {
    assert!(events.is_sorted_by(|one, next| one.position < next.position), "positions do not increase");
    let mut heads: HashMap<ConversationId, Head> = HashMap::new();
    for Recorded { position, event } in events {
        let head = heads.entry(event.envelope.conversation_id).or_insert(Head::EMPTY);
        let erases = is_linked(event, None) && event.envelope.version > head.version;
        let follows = event.follows(*head) || is_erasure(event) && erases;
        assert!(follows, "the event at position {position} does not follow version {}", head.version);
        *head = event.head();
    }
}

fn is_erasure(event: &SealedEvent) -> bool {
    matches!(event.envelope.event, Event::ConversationErased { .. })
}

/// What was stored, without where.
pub(super) fn sealed(events: Vec<Recorded>) -> Vec<SealedEvent> {
    events.into_iter().map(|recorded| recorded.event).collect()
}
