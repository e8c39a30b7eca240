//! What conversations cost that nobody speaks in: in memory, and known but passivated.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::{Found, Plan};
use crate::blocks::{compare, difference, interleave};
use crate::goal::{Bound, Row};
use crate::idle_actors::Idle;
use crate::process::{self, Process};
use crate::stand::{Programs, seed, variables};
use crate::stats::Estimate;

/// After a start, until what it does later has been done.
const SETTLED: Duration = Duration::from_millis(500);
const KIB: f64 = 1024.0;
/// Below this the memory of a process cannot tell: of 100,000 conversations this is half of a mebibyte.
const NOTHING: f64 = 5.0;

pub(crate) fn measure(programs: &Programs, plan: Plan) -> Result<Found> {
    let (mut found, actors) = (Found::default(), plan.or(100_000, 1_000));
    let idle = (0..plan.blocks()).map(|_| open(actors, plan)).collect::<Result<Vec<_>>>()?;
    found.counted = idle.iter().map(|idle| idle.actors).sum();
    let texts = idle.first().map_or(0, |idle| idle.texts);
    let of = |figure: fn(&Idle) -> f64| Estimate::of(idle.iter().map(figure).collect());
    let what = format!("idle actor of {actors}, besides its {texts} bytes of texts and ids");
    let each = of(|idle| (idle.each - idle.texts as f64) / KIB);
    found.row(each.map(|figure| Row::new(5, what, "KiB", Bound::AtMost(1.2), figure)));
    let what = "kept by the allocator for each actor that left";
    found.row(of(|idle| idle.left / KIB).map(|figure| Row::new(5, what, "KiB", Bound::Any, figure)));
    passivated(programs, plan, actors, &mut found)?;
    Ok(found)
}

fn open(actors: u64, plan: Plan) -> Result<Idle> {
    let rest = plan.or("6", "1");
    let output = process::myself(&["idle-actors", "--actors", &actors.to_string(), "--rest", rest])?.output()?;
    ensure!(output.status.success(), "idle actors: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("the report of the idle actors")
}

/// Servers on a log with many conversations and on an empty one.
fn passivated(programs: &Programs, plan: Plan, known: u64, found: &mut Found) -> Result<()> {
    let (full, empty) = (process::directory()?, process::directory()?);
    seed(&programs.server, full.path(), known)?;
    // The first start builds the read models, which is not what is measured.
    let memory = |dir: &tempfile::TempDir| -> Result<f64> {
        let vars = variables(dir.path(), "127.0.0.1:9");
        let process = Process::serve(Command::new(&programs.server), dir.path(), &vars)?;
        super::read_models::until_live(&process)?;
        std::thread::sleep(plan.or(SETTLED, Duration::ZERO));
        Ok(process::rss(process.pid())? as f64)
    };
    let all = interleave(&[full, empty], plan.blocks(), memory)?;
    let each = compare(&all[0], &all[1], |memory| *memory, |full, empty| difference(full, empty) / known as f64);
    let what = format!("memory of a known, passivated conversation, of {known} in the log");
    found.row(each.map(|figure| Row::new(5, what, "bytes", Bound::AtMost(NOTHING), figure)));
    Ok(())
}
