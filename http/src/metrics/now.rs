//! How the server is at the moment of the question: read where `/ready` reads it, so that nothing is counted twice.

use std::time::Duration;

use chat_projections::State;
use prometheus::proto::MetricFamily;
use prometheus::{IntCounter, IntGauge, IntGaugeVec, Opts, Registry};
use tokio::time::timeout;

use crate::admin::MAX_FEEDS;
use crate::app::App;

/// Longest time the log may take to say where it ends; then it counts as unreachable.
const LOG_ANSWER: Duration = Duration::from_secs(1);

/// The states of the read models, as a label has them.
const STATES: [&str; 4] = ["live", "catching_up", "rebuilding", "stopped"];

/// How `app` is.
pub(super) async fn families(app: &App) -> prometheus::Result<Vec<MetricFamily>> {
    let moment = Moment(Registry::new());
    let end = timeout(LOG_ANSWER, app.services.end()).await.ok().and_then(Result::ok);
    let reachable = end.is_some() && app.services.log_is_available();
    moment.gauge("open_chat_log_reachable", "Whether the event log answers and takes events", i64::from(reachable))?;
    // Of a log that does not answer, this process still knows what it saw acknowledged.
    let end = end.unwrap_or_default().max(app.services.acknowledged());
    let status = app.models.status();
    let lag = end.get().saturating_sub(status.position.get());
    moment.gauge(
        "open_chat_projection_lag_events",
        "Events of the log that the read models have not applied",
        lag as i64,
    )?;
    let state = match status.state {
        State::Live => "live",
        State::Building if status.anew => "rebuilding",
        State::Building => "catching_up",
        State::Stopped { .. } => "stopped",
    };
    moment.one_of("open_chat_projection_state", "1 for the state of the read models", &STATES, state)?;

    let services = &app.services;
    moment.gauge("open_chat_open_streams", "Answers being delivered", app.drain.open_streams() as i64)?;
    moment.gauge("open_chat_actors", "Conversations in memory", app.registry.live_conversations() as i64)?;
    moment.gauge("open_chat_replies_running", "Answers being generated", services.running_replies() as i64)?;
    let feeds = MAX_FEEDS - app.feeds.available_permits();
    moment.gauge("open_chat_admin_feeds", "Live feeds that operators have open", feeds as i64)?;
    moment.counter(
        "open_chat_replies_cancelled_total",
        "Answers begun and dropped, since another process took the turn first",
        services.cancelled_replies() as u64,
    )?;
    moment.info("open_chat_build_info", "1 for the version that runs", "version", env!("CARGO_PKG_VERSION"))?;
    Ok(moment.0.gather())
}

/// Metrics of one answer.
struct Moment(Registry);

impl Moment {
    fn gauge(&self, name: &str, help: &str, value: i64) -> prometheus::Result<()> {
        let gauge = IntGauge::new(name, help)?;
        gauge.set(value);
        self.0.register(Box::new(gauge))
    }

    fn counter(&self, name: &str, help: &str, value: u64) -> prometheus::Result<()> {
        let counter = IntCounter::new(name, help)?;
        counter.inc_by(value);
        self.0.register(Box::new(counter))
    }

    /// 1 for the value that holds, 0 for the others.
    fn one_of(&self, name: &str, help: &str, values: &[&str], holds: &str) -> prometheus::Result<()> {
        let gauges = IntGaugeVec::new(Opts::new(name, help), &["state"])?;
        for value in values {
            gauges.with_label_values(&[value]).set(i64::from(*value == holds));
        }
        self.0.register(Box::new(gauges))
    }

    /// 1 for the only value there is.
    fn info(&self, name: &str, help: &str, label: &str, value: &str) -> prometheus::Result<()> {
        let gauges = IntGaugeVec::new(Opts::new(name, help), &[label])?;
        gauges.with_label_values(&[value]).set(1);
        self.0.register(Box::new(gauges))
    }
}
