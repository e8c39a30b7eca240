//! Whether the log takes appends: what the connection, a question to the stream's leader twice a second, and the appends
//! themselves show.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_nats::jetstream::stream::Info;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::api::Api;
use super::connection::Connection;
use super::stream;
use crate::log::LogIdentity;

/// Time between two questions to the leader.
const PROBE: Duration = Duration::from_millis(500);
/// Longest time the leader may take to answer one.
const PROBE_ANSWER: Duration = Duration::from_secs(1);
/// A leader that is silent for so long is asked again: one that was just elected has not heard the question before.
const ASK_AGAIN: Duration = Duration::from_millis(200);
/// A replica the leader has not heard of for so long does not count: they talk every second.
const SILENT: Duration = Duration::from_secs(3);
/// A server that is cut off from the others does not close its connections: after this, another one is tried.
const CUT_OFF: Duration = Duration::from_secs(5);

/// Written by the probe and by appends, read by everyone.
pub(super) struct Health {
    connection: Connection,
    away: Mutex<Away>,
    full: AtomicBool,
    last_sequence: watch::Sender<u64>,
}

#[derive(Default)]
struct Away {
    since: Option<Instant>,
    /// How often it went away: a probe that began before the last time says nothing.
    times: u64,
}

impl Health {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection, away: Mutex::default(), full: AtomicBool::new(false), last_sequence: watch::Sender::new(0) }
    }

    /// Whether an append may succeed. One that comes while this is false is not sent.
    pub(super) fn is_reachable(&self) -> bool {
        self.connection.stands() && self.away().since.is_none()
    }

    /// Whether an append should succeed.
    pub(super) fn is_available(&self) -> bool {
        self.is_reachable() && !self.full.load(Ordering::Relaxed)
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

    /// The servers answer, but have no room for an append; or they have again. Only an append can tell.
    pub(super) fn set_full(&self, full: bool) {
        if self.full.load(Ordering::Relaxed) != full && self.full.swap(full, Ordering::Relaxed) != full {
            if full {
                tracing::error!("event log takes no appends: its servers have no room for them");
            } else {
                tracing::info!("event log takes appends again");
            }
        }
    }

    /// The stream's last sequence when its leader was asked last.
    pub(super) fn last_sequence(&self) -> u64 {
        *self.last_sequence.borrow()
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

/// Keeps `health` up to date until dropped.
pub(super) async fn watch(api: Api, health: Arc<Health>, identity: LogIdentity) {
    let mut changes = api.connection().changes();
    let mut tick = interval(PROBE);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut good = Instant::now();
    loop {
        if api.connection().stands() {
            let times = health.away().times;
            match first_answer(|| probe(&api, identity)).await {
                Ok(last_sequence) => {
                    health.last_sequence.send_replace(last_sequence);
                    health.set_back(times);
                    good = Instant::now();
                }
                Err(reason) => health.set_away(&reason),
            }
            if good.elapsed() > CUT_OFF {
                good = Instant::now();
                tracing::debug!("trying another nats server");
                api.connection().try_another().await;
            }
        } else {
            health.set_away("the connection is lost");
        }
        tokio::select! {
            _ = changes.changed() => {}
            _ = tick.tick() => {}
        }
    }
}

/// Asks, and again while there is no answer; what comes first.
async fn first_answer<T, F: Future<Output = T>>(ask: impl Fn() -> F) -> T {
    let mut asked = FuturesUnordered::new();
    loop {
        asked.push(ask());
        if let Ok(Some(answer)) = timeout(ASK_AGAIN, asked.next()).await {
            return answer;
        }
    }
}

/// Asks the leader; the stream's last sequence, or what is wrong.
async fn probe(api: &Api, identity: LogIdentity) -> Result<u64, String> {
    let info = api.info(PROBE_ANSWER).await.map_err(|fault| format!("the stream's leader does not answer: {fault}"))?;
    if stream::identity(&info) != identity {
        return Err("the stream was deleted and created anew: restart open-chat".into());
    }
    majority(&info)?;
    Ok(info.state.last_sequence)
}

/// Whether the leader hears from enough replicas to store anything.
pub(super) fn majority(info: &Info) -> Result<(), String> {
    let Some(cluster) = info.cluster.as_ref().filter(|_| info.config.num_replicas > 1) else { return Ok(()) };
    if cluster.leader.is_none() {
        return Err("the stream has no leader".into());
    }
    let heard = 1 + cluster.replicas.iter().filter(|peer| !peer.offline && peer.active < SILENT).count();
    let all = 1 + cluster.replicas.len();
    if 2 * heard > all { Ok(()) } else { Err(format!("the stream's leader hears from {heard} of {all} servers")) }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_was_asked_too_early_is_asked_again_before_the_first_question_is_given_up() {
        let (asked, begun) = (AtomicUsize::new(0), tokio::time::Instant::now());
        let answer = first_answer(|| async {
            match asked.fetch_add(1, Ordering::Relaxed) {
                2 => "elected",
                _ => {
                    sleep(PROBE_ANSWER).await;
                    "silence"
                }
            }
        });
        assert_eq!((answer.await, begun.elapsed()), ("elected", 2 * ASK_AGAIN));
        let slow = first_answer(|| async {
            sleep(3 * ASK_AGAIN).await;
        });
        slow.await;
        assert_eq!(begun.elapsed(), 5 * ASK_AGAIN, "an answer that is on its way is waited for");
    }
}
