//! A subscription: a consumer on the servers, and a new one from the last event on whenever that falls silent, loses its place
//! or is gone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::api::Api;
use super::follower::Follower;
use super::health::Health;
use super::message;
use crate::log::{Position, Subscription};

/// Pause before a consumer is made again, so that servers that just come back are not flooded.
const PAUSE: Duration = Duration::from_millis(100);
/// A consumer that brought nothing for so long is compared with the stream.
const QUIET: Duration = Duration::from_secs(5);

/// Every event after `after`, until one cannot be read or the sender of `open` is gone.
pub(super) fn subscribe(api: Api, health: Arc<Health>, mut open: watch::Receiver<()>, after: Position) -> Subscription {
    let events = async_stream::stream! {
        let mut seen = after;
        let mut told = false;
        'follow: loop {
            // A question that nobody hears would be waited for, also after somebody is there again.
            while !health.is_reachable() {
                tokio::select! {
                    () = sleep(PAUSE) => {}
                    _ = open.changed() => return,
                }
            }
            let started = tokio::select! {
                started = Follower::start(&api, message::sequence(seen)) => started,
                _ = open.changed() => return,
            };
            let mut follower = match started {
                Ok(follower) => follower,
                Err(reason) => {
                    // While the log is away that is no news.
                    if health.is_reachable() && !std::mem::replace(&mut told, true) {
                        tracing::warn!(%reason, "event log cannot be followed");
                    }
                    sleep(PAUSE).await;
                    continue 'follow;
                }
            };
            let mut quiet = Quiet::new();
            loop {
                let next = tokio::select! {
                    biased;
                    next = follower.next() => next,
                    reason = quiet.too_long(&api, &health, seen) => Err(reason),
                    _ = open.changed() => return,
                };
                let (sequence, payload) = match next {
                    Ok(found) => found,
                    Err(reason) => {
                        tracing::debug!(%reason, position = seen.get(), "event log is followed anew");
                        break;
                    }
                };
                quiet.broken();
                told = false;
                for event in message::decode(sequence, &payload) {
                    let position = event.as_ref().map_or(None, |recorded| Some(recorded.position));
                    if position.is_some_and(|position| position <= seen) {
                        continue;
                    }
                    yield event;
                    match position {
                        Some(position) => seen = position,
                        None => return,
                    }
                }
            }
            sleep(PAUSE).await;
        }
    };
    events.boxed()
}

/// How long nothing has come.
struct Quiet {
    since: Instant,
    /// Up to here the stream has nothing that was not seen.
    nothing_up_to: u64,
}

impl Quiet {
    fn new() -> Self {
        Self { since: Instant::now(), nothing_up_to: 0 }
    }

    fn broken(&mut self) {
        self.since = Instant::now();
    }

    /// Comes back when there is something that was not brought: a consumer may be alive on a server that is behind for good.
    async fn too_long(&mut self, api: &Api, health: &Health, seen: Position) -> String {
        let mut tick = interval(QUIET / 5);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let last = health.last_sequence();
            if self.since.elapsed() < QUIET || last <= message::sequence(seen).max(self.nothing_up_to) {
                continue;
            }
            match api.next(">", message::sequence(seen) + 1).await {
                Ok(Some(_)) => return "its consumer does not bring what is there".into(),
                Ok(None) => self.nothing_up_to = last,
                Err(_) => {}
            }
        }
    }
}
