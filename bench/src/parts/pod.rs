//! What a replica and its log server take, for the requests and limits of `deploy/kubernetes`: at a thousand streams, and while a
//! replica builds its read models anew.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::read_models::until_live;
use super::streams::GAP;
use super::{Found, Plan};
use crate::process::{self, Process};
use crate::script::Script;
use crate::stand::{Arm, Going, Log, Programs, Visitors, seed, variables};
use crate::stats::Estimate;

const PART: &str = "pod";
/// Streams that begin in a second: all of them are open for a while, and how fast a disk takes so many first messages is not the question.
const BEGIN_RATE: f64 = 100.0;
const MIB: f64 = 1024.0 * 1024.0;

/// What one process took.
#[derive(Clone, Copy)]
struct Use {
    /// Memory at its most since the start, in MiB.
    memory: f64,
    /// Processors: on average, or with all streams open.
    processors: f64,
}

/// A process from the moment it is watched.
struct Watched {
    pid: u32,
    cpu: f64,
    began: Instant,
}

impl Watched {
    fn begin(pid: u32) -> Result<Self> {
        Ok(Self { pid, cpu: process::cpu_seconds(pid)?, began: Instant::now() })
    }

    fn end(&self) -> Result<Use> {
        let processors = (process::cpu_seconds(self.pid)? - self.cpu) / self.began.elapsed().as_secs_f64();
        Ok(Use { memory: process::peak_rss(self.pid)? as f64 / MIB, processors })
    }
}

pub(crate) fn measure(programs: &Programs, plan: Plan) -> Result<Found> {
    let (model, mut found) = (Arm::model()?, Found::default());
    let (streams, conversations) = (plan.or(1_000, 20), plan.or(40_000, 50));
    let mut uses: [(String, &str, Vec<Use>); 3] = [
        (format!("{streams} streams"), "open-chat", Vec::new()),
        (format!("{streams} streams"), "nats-server", Vec::new()),
        (format!("read models of {conversations} conversations built"), "open-chat", Vec::new()),
    ];
    for _ in 0..plan.or(3, 1) {
        let [replica, log] = streaming(programs, &model, streams, plan)?;
        let building = building(programs, conversations)?;
        uses.iter_mut().zip([replica, log, building]).for_each(|((_, _, values), new)| values.push(new));
        found.counted += u64::from(streams) + conversations;
    }
    for (when, arm, values) in &uses {
        let of = |figure: fn(&Use) -> f64| Estimate::of(values.iter().map(figure).collect());
        found.figure(PART, &format!("memory at its most, {when}"), arm, "MiB", of(|it| it.memory));
        found.figure(PART, &format!("processors, {when}"), arm, "", of(|it| it.processors));
    }
    Ok(found)
}

/// A replica and its log server while so many answers are delivered.
fn streaming(programs: &Programs, model: &Arm, streams: u32, plan: Plan) -> Result<[Use; 2]> {
    let arm = Arm::ours("ours, JetStream", &programs.server, Log::JetStream, model)?;
    let log = arm.log_pid().context("it has no server of its log")?;
    let watched = [Watched::begin(arm.server.pid())?, Watched::begin(log)?];
    let open = Duration::from_secs_f64(f64::from(streams) / BEGIN_RATE) + plan.or(Duration::from_secs(5), GAP * 4);
    let script = Script { delay: Duration::ZERO, tokens: (open.as_millis() / GAP.as_millis()) as u32, gap: GAP };
    let begun = Instant::now();
    let measured = arm.measure(Visitors::new(script, Going::Paced { count: streams, rate: BEGIN_RATE }), false)?;
    // They come and go one after the other: what all of them take together follows from what a token takes.
    let tokens_a_second = measured.report.tokens as f64 / begun.elapsed().as_secs_f64();
    let together = f64::from(streams) / GAP.as_secs_f64() / tokens_a_second;
    let of_all = |watched: &Watched| watched.end().map(|it| Use { processors: it.processors * together, ..it });
    Ok([of_all(&watched[0])?, of_all(&watched[1])?])
}

/// A replica that meets a full log, an embedded one, without read models of it.
fn building(programs: &Programs, conversations: u64) -> Result<Use> {
    let dir = process::directory()?;
    seed(&programs.server, dir.path(), conversations)?;
    let vars = variables(dir.path(), "127.0.0.1:9");
    let replica = Process::serve(Command::new(&programs.server), dir.path(), &vars)?;
    let watched = Watched::begin(replica.pid())?;
    until_live(&replica)?;
    watched.end()
}
