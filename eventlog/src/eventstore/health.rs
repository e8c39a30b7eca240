//! Whether the log takes appends: what a question to the leader twice a second, and the appends themselves show.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval};

use super::api::Api;
use super::fault::Fault;
use super::identity;
use crate::log::LogIdentity;

/// Time between two questions to the leader.
const PROBE: Duration = Duration::from_millis(500);

/// Written by the probe and by appends, read by everyone.
#[derive(Default)]
pub(super) struct Health {
    away: Mutex<Away>,
}

#[derive(Default)]
struct Away {
    since: Option<Instant>,
    /// How often it went away: a probe that began before the last time says nothing.
    times: u64,
}

impl Health {
    /// Whether an append may succeed. One that comes while this is false is not sent.
    pub(super) fn is_available(&self) -> bool {
        self.away().since.is_none()
    }

    /// Appends fail, or take too long.
    pub(super) fn set_away(&self, reason: &str) {
        let mut away = self.away();
        away.times += 1;
        if away.since.is_none() {
            away.since = Some(Instant::now());
            tracing::warn!(reason, "event log is away");
        }
    }

    fn set_back(&self, times: u64) {
        let mut away = self.away();
        if away.times == times
            && let Some(since) = away.since.take()
        {
            tracing::info!(away_ms = since.elapsed().as_millis(), "event log is back");
        }
    }

    fn away(&self) -> MutexGuard<'_, Away> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps `health` up to date until dropped, and the connection young while there is no answer.
pub(super) async fn watch(api: Api, health: Arc<Health>, identity: LogIdentity) {
    let mut tick = interval(PROBE);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let times = health.away().times;
        match probe(&api, identity).await {
            Ok(()) => health.set_back(times),
            // The client goes on to the leader by itself.
            Err(Fault::NotLeader) => {}
            Err(fault) => {
                health.set_away(&format!("the leader does not answer: {fault}"));
                api.connection().renew().await;
            }
        }
    }
}

async fn probe(api: &Api, identity: LogIdentity) -> Result<(), Fault> {
    match identity::read(api).await? {
        Some(found) if found == identity => Ok(()),
        Some(_) | None => Err(Fault::Refused("the database is another one than before: restart open-chat".into())),
    }
}
