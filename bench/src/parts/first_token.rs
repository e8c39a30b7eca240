//! Time to the first token: what we add to that of the model, the visitor's message being durable before.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Instant;

use anyhow::Result;

use super::{Found, Plan};
use crate::blocks::{Pairs, compare, difference, figures, interleave, median};
use crate::goal::{Bound, Row};
use crate::process;
use crate::script::Script;
use crate::stand::{Arm, Going, Measured, Programs, Visitors};
use crate::stats::{Estimate, Quantiles};

const PART: &str = "first-token";
const SLOW: u64 = 20;
/// What a commit of one message writes: two pages of the write-ahead log.
const COMMIT: [u8; 8192] = [0x5a; 8192];
/// Where SQLite begins its write-ahead log again.
const WRAP: u64 = 4 << 20;

pub(crate) fn measure(programs: &Programs, plan: Plan) -> Result<Found> {
    let (arms, mut found) = (Arm::all(programs)?, Found::default());
    let paced = Going::Paced { count: plan.or(200, 20), rate: 100.0 };
    let visitors = Visitors::new(Script::at_once(50, SLOW), paced);
    let slow = interleave(&arms, plan.blocks(), |arm| arm.measure(visitors, false))?;
    tell(&mut found, &arms, &slow, "first token, model takes 20 ms");
    for (arm, pairs) in arms.iter().zip(&slow).skip(2) {
        let added = |of: fn(&Quantiles) -> f64| compare(pairs, &slow[1], |m| of(&m.report.first_token_ms), difference);
        let row = |what, at_most, figure: Option<Estimate>| {
            let what = format!("{}: first token after the null proxy's, {what}", arm.name);
            figure.map(|figure| Row::new(1, what, "ms", Bound::AtMost(at_most), figure))
        };
        found.row(row("p50", 0.25, added(|times| times.p50)));
        found.row(row("p99", 1.0, added(|times| times.p99)));
    }
    single(&arms, plan, &mut found)?;
    Ok(found)
}

/// A model that takes no time, and one visitor at a time: each message pays for an fsync of its own.
fn single(arms: &[Arm], plan: Plan, found: &mut Found) -> Result<()> {
    let alone = Going::Closed { clients: 1, seconds: plan.or(0.5, 0.2) };
    let visitors = Visitors::new(Script::at_once(50, 0), alone);
    let (dir, mut syncs) = (process::directory()?, Vec::new());
    let file = File::create(dir.path().join("medium"))?;
    file.set_len(WRAP)?;
    let pairs = interleave(arms, plan.blocks(), |arm| {
        if arm.name == arms[1].name {
            syncs.push(fsync_ms(&file)?);
        }
        arm.measure(visitors, false)
    })?;
    tell(found, arms, &pairs, "first token, one visitor, model takes no time");
    // As many blocks as the arms have, the first left out.
    let syncs: Pairs<f64> = syncs[2..].chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect();
    found.figure(PART, "write of 8 KiB and fdatasync, p50", "the medium", "ms", median(&syncs, |time| *time));
    let times = |pairs| figures(pairs, |m: &Measured| m.report.first_token_ms.p50);
    let floor: Vec<f64> = times(&pairs[1]).iter().zip(figures(&syncs, |time| *time)).map(|(a, b)| a + b).collect();
    for (arm, pairs) in arms.iter().zip(&pairs).skip(2) {
        let ratios = times(pairs).iter().zip(&floor).map(|(ours, floor)| ours / floor).collect();
        let what = format!("{}: first token beside null proxy + fsync, p50", arm.name);
        found.row(Estimate::of(ratios).map(|figure| Row::new(1, what, "×", Bound::AtMost(1.2), figure)));
    }
    Ok(())
}

fn tell(found: &mut Found, arms: &[Arm], pairs: &[Pairs<Measured>], what: &str) {
    for (arm, pairs) in arms.iter().zip(pairs) {
        found.counted += pairs.iter().flatten().map(|measured| measured.report.turns).sum::<u64>();
        let figure = |of: fn(&Quantiles) -> f64| median(pairs, |m| of(&m.report.first_token_ms));
        found.figure(PART, &format!("{what}, p50"), arm.name, "ms", figure(|times| times.p50));
        found.figure(PART, &format!("{what}, p99"), arm.name, "ms", figure(|times| times.p99));
    }
}

/// What the medium takes to make a write durable, in place as in a write-ahead log that is used again.
fn fsync_ms(file: &File) -> Result<f64> {
    let mut times = Vec::new();
    for number in 0..200 {
        let begin = Instant::now();
        file.write_all_at(&COMMIT, number * COMMIT.len() as u64 % WRAP)?;
        file.sync_data()?;
        times.push(begin.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(Quantiles::of(times).p50)
}
