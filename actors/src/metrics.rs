//! What this crate counts, by the names that alerts and dashboards use. Counted where a turn begins and ends, never once a token, and without any
//! text, session id or key. Counts are of the whole process and registered with the `prometheus` crate's default registry.

use std::sync::LazyLock;
use std::time::Duration;

use chat_eventlog::Append;
use chat_schema::FailureReason;
use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, Opts, Registry, default_registry};

use crate::conversation::Ending;

/// Upper bounds of the time to the first token, in seconds.
const FIRST_TOKEN: [f64; 12] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0];
/// Upper bounds of the time of a whole answer, in seconds.
const ANSWER: [f64; 10] = [0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];
/// Upper bounds of the time of an append, in seconds: an fsync at best, what an append of unknown outcome may take at worst.
const APPEND: [f64; 12] = [0.0005, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 5.0];

/// Every reason a turn may fail for, as it is stored.
const REASONS: [FailureReason; 6] = [
    FailureReason::Unavailable,
    FailureReason::TimedOut,
    FailureReason::Filtered,
    FailureReason::Empty,
    FailureReason::TooLong,
    FailureReason::Abandoned,
];

pub(crate) static METRICS: LazyLock<Metrics> = LazyLock::new(|| Metrics::registered(default_registry()));

/// Makes every name of this crate show from now on, with zeros for what has not happened yet.
pub fn register_metrics() {
    LazyLock::force(&METRICS);
}

pub(crate) struct Metrics {
    complete: IntCounter,
    stopped: IntCounter,
    failed: IntCounter,
    failures: IntCounterVec,
    first_token: Histogram,
    answer: Histogram,
    append: Histogram,
    appended: IntCounter,
    conflict: IntCounter,
    unknown: IntCounter,
    unavailable: IntCounter,
    upstream: IntCounterVec,
}

impl Metrics {
    fn registered(registry: &Registry) -> Self {
        let turns = counters(
            registry,
            ("open_chat_turns_total", "outcome"),
            "Turns whose end this process stored: complete, stopped by the visitor, or failed",
        );
        let appends = counters(
            registry,
            ("open_chat_appends_total", "outcome"),
            "Appends to the event log, by what became of them: appended, conflict, unknown or unavailable",
        );
        let failures = counters(
            registry,
            ("open_chat_turn_failures_total", "reason"),
            "Failed turns, by the reason that is stored in the log",
        );
        for reason in REASONS {
            failures.with_label_values(&[name_of(reason)]);
        }
        let upstream = counters(
            registry,
            ("open_chat_upstream_responses_total", "status"),
            "Responses of the model's server, by HTTP status; unreachable: none came, timeout: one of the time limits ran out",
        );
        for status in ["200", "unreachable", "timeout"] {
            upstream.with_label_values(&[status]);
        }
        Self {
            complete: turns.with_label_values(&["complete"]),
            stopped: turns.with_label_values(&["stopped"]),
            failed: turns.with_label_values(&["failed"]),
            failures,
            first_token: histogram(
                registry,
                "open_chat_first_token_seconds",
                "From the call of the model to its first token",
                &FIRST_TOKEN,
            ),
            answer: histogram(
                registry,
                "open_chat_answer_seconds",
                "From the call of the model to the end of a whole answer",
                &ANSWER,
            ),
            append: histogram(
                registry,
                "open_chat_append_seconds",
                "From an append to its outcome, repeats included",
                &APPEND,
            ),
            appended: appends.with_label_values(&["appended"]),
            conflict: appends.with_label_values(&["conflict"]),
            unknown: appends.with_label_values(&["unknown"]),
            unavailable: appends.with_label_values(&["unavailable"]),
            upstream,
        }
    }

    /// A turn whose end is stored.
    pub(crate) fn turn_ended(&self, ending: &Ending) {
        match ending {
            Ending::Replied { timings, .. } => {
                self.complete.inc();
                self.answer.observe(timings.total_ms as f64 / 1000.0);
            }
            Ending::Stopped { .. } => self.stopped.inc(),
            Ending::Failed(reason) => self.turn_failed(*reason),
        }
    }

    /// A turn whose failure is stored.
    pub(crate) fn turn_failed(&self, reason: FailureReason) {
        self.failed.inc();
        self.failures.with_label_values(&[name_of(reason)]).inc();
    }

    pub(crate) fn first_token(&self, after: Duration) {
        self.first_token.observe(after.as_secs_f64());
    }

    pub(crate) fn append(&self, outcome: Append, took: Duration) {
        self.append.observe(took.as_secs_f64());
        match outcome {
            Append::Appended(_) => self.appended.inc(),
            Append::Conflict { .. } => self.conflict.inc(),
            Append::Unknown => self.unknown.inc(),
            Append::Unavailable => self.unavailable.inc(),
        }
    }

    /// The head of a response came.
    pub(crate) fn upstream_answered(&self, status: u16) {
        self.upstream.with_label_values(&[&status.to_string()]).inc();
    }

    pub(crate) fn upstream_unreachable(&self) {
        self.upstream.with_label_values(&["unreachable"]).inc();
    }

    pub(crate) fn upstream_timed_out(&self) {
        self.upstream.with_label_values(&["timeout"]).inc();
    }
}

/// As it is stored, see [`FailureReason`].
fn name_of(reason: FailureReason) -> &'static str {
    match reason {
        FailureReason::Unavailable => "unavailable",
        FailureReason::TimedOut => "timed-out",
        FailureReason::Filtered => "filtered",
        FailureReason::Empty => "empty",
        FailureReason::TooLong => "too-long",
        FailureReason::Abandoned => "abandoned",
    }
}

fn counters(registry: &Registry, (name, label): (&str, &str), help: &str) -> IntCounterVec {
    let counters = IntCounterVec::new(Opts::new(name, help), &[label]).expect("the names above are valid");
    registry.register(Box::new(counters.clone())).expect("each name is registered once");
    counters
}

fn histogram(registry: &Registry, name: &str, help: &str, bounds: &[f64]) -> Histogram {
    let options = HistogramOpts::new(name, help).buckets(bounds.to_vec());
    let histogram = Histogram::with_opts(options).expect("the names and bounds above are valid");
    registry.register(Box::new(histogram.clone())).expect("each name is registered once");
    histogram
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_called_as_it_is_stored() {
        for reason in REASONS {
            assert_eq!(serde_json::to_value(reason).unwrap(), name_of(reason));
        }
    }
}
