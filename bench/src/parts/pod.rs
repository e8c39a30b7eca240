//! What a replica and its log server take, for the requests and limits of `deploy/kubernetes`: at a thousand streams, and while a
//! replica builds its read models anew.

use std::ffi::OsString;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::read_models::until_live;
use super::streams::run;
use super::{Found, Plan};
use crate::nats;
use crate::process::{self, Process};
use crate::stand::{Arm, Log, Programs, variables};
use crate::stats::Estimate;

const PART: &str = "pod";
const MIB: f64 = 1024.0 * 1024.0;

/// What one process took.
#[derive(Clone, Copy)]
struct Use {
    /// Memory at its most since the start, in MiB.
    memory: f64,
    /// Processors, on average.
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
    run(&arm, streams, plan, false)?;
    Ok([watched[0].end()?, watched[1].end()?])
}

/// A replica that meets a full log without read models of it.
fn building(programs: &Programs, conversations: u64) -> Result<Use> {
    let (log, dir) = (nats::Server::start(), process::directory()?);
    let mut vars = variables(dir.path(), "127.0.0.1:9");
    vars.push(("EVENT_LOG", OsString::from(log.url())));
    let mut seed = Command::new(&programs.server);
    seed.args(["seed", "--conversations", &conversations.to_string()]).envs(vars.clone()).current_dir(dir.path());
    let seeded = seed.output().context("open-chat cannot be started")?;
    ensure!(seeded.status.success(), "seeding failed: {}", String::from_utf8_lossy(&seeded.stderr));
    let replica = Process::serve(Command::new(&programs.server), dir.path(), &vars)?;
    let watched = Watched::begin(replica.pid())?;
    until_live(&replica)?;
    watched.end()
}
