//! How many streams at the pace of a model are held before tokens come late: a staircase, one step up after each run that held and
//! one step down after each that did not, so that all runs are near the limit.

use anyhow::Result;

use super::streams::{Kind, run, wall};
use super::{Found, Plan};
use crate::blocks::{compare, interleave, median, ratio};
use crate::goal::{Bound, Row};
use crate::stand::{Arm, Log, Measured, Programs};

const PART: &str = "capacity";
/// The least number that is tried.
const LEAST: f64 = 1_000.0;
const COARSE: f64 = 1.4;
const FINE: f64 = 1.08;

/// A staircase.
struct Stairs {
    kind: Kind,
    next: std::cell::Cell<f64>,
}

pub(crate) fn measure(programs: &Programs, plan: Plan) -> Result<Found> {
    let (model, mut found) = (Arm::model()?, Found::default());
    let stairs =
        [Kind::NullProxy, Kind::Ours(Log::Embedded)].map(|kind| Stairs { kind, next: plan.or(LEAST, 20.0).into() });
    for stair in &stairs {
        while !plan.quick && stair.step(programs, &model, plan, COARSE)?.1 {}
    }
    let all = interleave(&stairs, plan.blocks(), |stair| stair.step(programs, &model, plan, FINE))?;
    for (stair, pairs) in stairs.iter().zip(&all) {
        found.counted += pairs.len() as u64;
        found.figure(PART, "streams held", stair.kind.name(), "", median(pairs, |(tried, _)| *tried));
    }
    let held = compare(&all[1], &all[0], |(tried, _)| *tried, ratio);
    let what = "ours, embedded: streams held beside the null proxy's";
    found.row(held.map(|figure| Row::new(3, what, "×", Bound::AtLeast(0.8), figure)));
    Ok(found)
}

impl Stairs {
    /// One run: how many streams, and whether they were held.
    fn step(&self, programs: &Programs, model: &Arm, plan: Plan, step: f64) -> Result<(f64, bool)> {
        let tried = self.next.get().round();
        let held = holds(&run(&self.kind.fresh(programs, model)?, tried as u32, plan, true)?);
        self.next.set((if held { tried * step } else { tried / step }).max(plan.or(LEAST, 20.0)));
        Ok((tried, held))
    }
}

fn holds(measured: &Measured) -> bool {
    measured.report.errors == 0 && wall(measured) <= 1.02 && measured.report.added_gap_ms.p99 <= 5.0
}
