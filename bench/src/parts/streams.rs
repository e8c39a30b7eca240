//! A thousand streams at the pace of a model: whether each token comes when it was sent, and what an open stream costs.

use std::time::Duration;

use anyhow::Result;

use super::{Found, Plan};
use crate::blocks::{interleave, median};
use crate::goal::{Bound, Row};
use crate::script::Script;
use crate::stand::{Arm, Going, Log, Measured, Programs, Visitors};

const PART: &str = "streams";
/// 20 tokens a second.
pub(super) const GAP: Duration = Duration::from_millis(50);
/// Streams that begin in a second.
pub(super) const BEGIN_RATE: f64 = 500.0;
/// Answers before the memory of a server is looked at, so that its threads and caches are there.
const WARM_UP: u32 = 50;

/// What a stream goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    NullProxy,
    Ours(Log),
}

pub(crate) fn measure(programs: &Programs, plan: Plan) -> Result<Found> {
    let (model, mut found) = (Arm::model()?, Found::default());
    let kinds = [Kind::NullProxy, Kind::Ours(Log::Embedded), Kind::Ours(Log::JetStream)];
    let streams = plan.or(1_000, 20);
    let all = interleave(&kinds, plan.blocks(), |kind| run(&kind.fresh(programs, &model)?, streams, plan, false))?;
    for (kind, pairs) in kinds.iter().zip(&all) {
        let (name, goal) = (kind.name(), *kind == Kind::Ours(Log::Embedded));
        found.counted += pairs.iter().flatten().map(|measured| measured.report.tokens).sum::<u64>();
        let memory = median(pairs, |m| m.grown as f64 / f64::from(streams) / 1024.0);
        let wall = median(pairs, wall);
        let gap = median(pairs, |m| m.report.added_gap_ms.p99);
        let first = median(pairs, |m| m.report.first_token_ms.p99);
        let cpu = median(pairs, |m| m.cpu * 1e6 / m.report.tokens as f64);
        found.figure(PART, "first token, p99", name, "ms", first);
        found.figure(PART, "processor time of the server a token", name, "µs", cpu);
        let bound = |bound| if goal { Bound::AtMost(bound) } else { Bound::Any };
        let row = |what: &str, unit, at_most, figure: Option<_>| {
            figure.map(|figure| Row::new(3, format!("{name}: {streams} streams, {what}"), unit, bound(at_most), figure))
        };
        found.row(row("wall time beside the ideal", "×", 1.02, wall));
        found.row(row("added gap between tokens, p99", "ms", 5.0, gap));
        found.row(row("memory of an open stream", "KiB", 30.0, memory));
    }
    Ok(found)
}

pub(super) fn wall(measured: &Measured) -> f64 {
    measured.report.seconds / measured.report.ideal_seconds
}

/// So many streams, all open at the same time for a few seconds.
pub(super) fn run(arm: &Arm, streams: u32, plan: Plan, may_fail: bool) -> Result<Measured> {
    let warm_up = Going::Paced { count: plan.or(WARM_UP, 5), rate: 100.0 };
    arm.measure(Visitors::new(Script::at_once(50, 0), warm_up), false)?;
    let open = Duration::from_secs_f64(f64::from(streams) / BEGIN_RATE) + plan.or(Duration::from_secs(3), GAP * 4);
    let tokens = (open.as_millis() / GAP.as_millis()) as u32;
    let script = Script { delay: Duration::ZERO, tokens, gap: GAP };
    arm.measure(Visitors::new(script, Going::Paced { count: streams, rate: BEGIN_RATE }), may_fail)
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NullProxy => "null proxy",
            Self::Ours(Log::Embedded) => "ours, embedded",
            Self::Ours(Log::JetStream) => "ours, JetStream",
        }
    }

    /// A server that has just been started: what it keeps of earlier streams is not counted for these.
    pub(super) fn fresh(self, programs: &Programs, model: &Arm) -> Result<Arm> {
        match self {
            Self::NullProxy => Arm::null_proxy(model),
            Self::Ours(log) => Arm::ours(self.name(), &programs.server, log, model),
        }
    }
}
