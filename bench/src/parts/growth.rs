//! Turns in conversations that are known already, chosen at random, as there are more and more of them.

use anyhow::Result;

use super::{Found, Plan};
use crate::blocks::{compare, interleave, median, ratio};
use crate::goal::{Bound, Row};
use crate::process;
use crate::script::Script;
use crate::stand::{Arm, Going, Log, Measured, Programs, Visitors, seed};

const PART: &str = "growth";
/// Known conversations, and what an arm that knows so many is called.
const SIZES: [(u64, &str); 3] = [(1_000, "1,000 known"), (10_000, "10,000 known"), (100_000, "100,000 known")];
/// What noise may take from a level line.
const LEVEL: f64 = 0.1;

pub(crate) fn measure(programs: &Programs, plan: Plan) -> Result<Found> {
    let (model, mut found, mut arms) = (Arm::model()?, Found::default(), Vec::new());
    for (known, name) in &SIZES[..plan.or(3, 1)] {
        let dir = process::directory()?;
        seed(&programs.server, dir.path(), *known)?;
        arms.push((*known, Arm::ours_in(name, &programs.server, Log::Embedded, &model, dir)?));
    }
    let going = Going::Closed { clients: plan.or(64, 8), seconds: plan.or(1.5, 1.0) };
    let all = interleave(&arms, plan.blocks(), |(known, arm)| {
        arm.measure(Visitors { known: *known, ..Visitors::new(Script::at_once(50, 0), going) }, false)
    })?;
    for ((_, arm), pairs) in arms.iter().zip(&all) {
        found.counted += pairs.iter().flatten().map(|measured| measured.report.turns).sum::<u64>();
        found.figure(PART, "turns a second", arm.name, "1/s", median(pairs, rate));
        found.figure(PART, "turn, p99", arm.name, "ms", median(pairs, p99));
    }
    if let [few, _, many] = all.as_slice() {
        let rates = compare(many, few, rate, ratio);
        let what = "turns a second at 100,000 known conversations beside 1,000";
        found.row(rates.map(|figure| Row::new(9, what, "×", Bound::AtLeast(1.0 - LEVEL), figure)));
        let times = compare(many, few, p99, ratio);
        let what = "p99 of a turn at 100,000 known conversations beside 1,000";
        found.row(times.map(|figure| Row::new(9, what, "×", Bound::AtMost(1.0 + LEVEL), figure)));
    }
    Ok(found)
}

fn rate(measured: &Measured) -> f64 {
    measured.report.turns as f64 / measured.report.seconds
}

fn p99(measured: &Measured) -> f64 {
    measured.report.turn_ms.p99
}
