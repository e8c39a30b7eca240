//! Turns a second, and what a token costs.

use anyhow::Result;

use super::{Found, Plan};
use crate::blocks::{compare, interleave, median, ratio};
use crate::goal::{Bound, Row};
use crate::script::Script;
use crate::stand::{Arm, Going, Measured, Programs, Visitors};

const PART: &str = "turns";
const CLIENTS: u32 = 64;

pub(crate) fn measure(programs: &Programs, plan: Plan) -> Result<Found> {
    let (arms, mut found) = (Arm::all(programs)?, Found::default());
    let going = Going::Closed { clients: plan.or(CLIENTS, 8), seconds: plan.or(1.5, 0.2) };
    let visitors = Visitors::new(Script::at_once(50, 0), going);
    let all = interleave(&arms, plan.blocks(), |arm| arm.measure(visitors, false))?;
    for (arm, pairs) in arms.iter().zip(&all) {
        found.counted += pairs.iter().flatten().map(|measured| measured.report.turns).sum::<u64>();
        found.figure(PART, "turns a second", arm.name, "1/s", median(pairs, rate));
        found.figure(PART, "turn, p50", arm.name, "ms", median(pairs, |m| m.report.turn_ms.p50));
        found.figure(PART, "turn, p99", arm.name, "ms", median(pairs, |m| m.report.turn_ms.p99));
        found.figure(PART, "processor time of the server a token", arm.name, "µs", median(pairs, cpu));
    }
    let embedded = arms.iter().zip(&all).nth(2);
    for (arm, pairs) in arms.iter().zip(&all).skip(2) {
        let is_goal = embedded.is_some_and(|(embedded, _)| embedded.name == arm.name);
        let bound = |bound| if is_goal { bound } else { Bound::Any };
        let turns = compare(pairs, &all[1], rate, ratio);
        let what = format!("{}: turns a second beside the null proxy's", arm.name);
        found.row(turns.map(|figure| Row::new(2, what, "×", bound(Bound::AtLeast(0.5)), figure)));
        let time = compare(pairs, &all[1], cpu, ratio);
        let what = format!("{}: processor time a token beside the null proxy's", arm.name);
        found.row(time.map(|figure| Row::new(2, what, "×", bound(Bound::AtMost(2.0)), figure)));
    }
    if let (Some(past), Some((_, ours))) = (all.get(4), embedded) {
        let what = "ours, embedded: turns a second beside its own past's";
        found.row(compare(ours, past, rate, ratio).map(|figure| Row::new(2, what, "×", Bound::Any, figure)));
        let what = "ours, embedded: processor time a token beside its own past's";
        found.row(compare(ours, past, cpu, ratio).map(|figure| Row::new(2, what, "×", Bound::Any, figure)));
    }
    Ok(found)
}

fn rate(measured: &Measured) -> f64 {
    measured.report.turns as f64 / measured.report.seconds
}

fn cpu(measured: &Measured) -> f64 {
    measured.cpu * 1e6 / measured.report.tokens as f64
}
