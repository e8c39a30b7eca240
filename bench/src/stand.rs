//! The arms: the model itself, the null proxy, and servers of ours on each log.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::load::{Protocol, Report};
use crate::nats;
use crate::process::{self, Process};
use crate::script::Script;

/// The development key of every server.
pub(crate) const WIDGET_KEY: &str = "change-me-widget-key";

/// The programs to measure.
pub(crate) struct Programs {
    /// `open-chat`.
    pub(crate) server: PathBuf,
    /// An older one.
    pub(crate) baseline: Option<PathBuf>,
}

/// Where the events of a server are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Log {
    Embedded,
    JetStream,
}

/// Something that answers visitors.
pub(crate) struct Arm {
    pub(crate) name: &'static str,
    pub(crate) protocol: Protocol,
    pub(crate) server: Process,
    /// Gone with it: its data, and the server of its log.
    _dir: TempDir,
    log: Option<nats::Server>,
}

/// What a run of visitors cost the server they spoke to.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) report: Report,
    /// Processor time of the server, in seconds.
    pub(crate) cpu: f64,
    /// How much the server's memory grew at most, in bytes.
    pub(crate) grown: u64,
}

/// Visitors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visitors {
    pub(crate) script: Script,
    pub(crate) going: Going,
    /// Conversations of `open-chat seed` that they go to; 0: new ones.
    pub(crate) known: u64,
}

/// How they go on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Going {
    /// So many, each as soon as it has its answer, for so many seconds.
    Closed { clients: u32, seconds: f64 },
    /// So many messages, so many a second.
    Paced { count: u32, rate: f64 },
}

impl Arm {
    /// The scripted model.
    pub(crate) fn model() -> Result<Self> {
        let dir = process::directory()?;
        let server = Process::serve(process::myself(&["model"])?, dir.path(), &[])?;
        Ok(Self { name: "model alone", protocol: Protocol::Model, server, _dir: dir, log: None })
    }

    /// The null proxy in front of `model`.
    pub(crate) fn null_proxy(model: &Self) -> Result<Self> {
        let dir = process::directory()?;
        let command = process::myself(&["proxy", "--model", &format!("http://{}", model.server.address)])?;
        let server = Process::serve(command, dir.path(), &[])?;
        Ok(Self { name: "null proxy", protocol: Protocol::Ours, server, _dir: dir, log: None })
    }

    /// A server of ours.
    pub(crate) fn ours(name: &'static str, program: &Path, log: Log, model: &Self) -> Result<Self> {
        Self::ours_in(name, program, log, model, process::directory()?)
    }

    /// A server of ours on what `dir` holds.
    pub(crate) fn ours_in(name: &'static str, program: &Path, log: Log, model: &Self, dir: TempDir) -> Result<Self> {
        let nats = (log == Log::JetStream).then(nats::Server::start);
        let mut vars = variables(dir.path(), &model.server.address);
        vars.extend(nats.as_ref().map(|nats| ("EVENT_LOG", OsString::from(nats.url()))));
        let server = Process::serve(Command::new(program), dir.path(), &vars)?;
        Ok(Self { name, protocol: Protocol::Ours, server, _dir: dir, log: nats })
    }

    /// The process of the server of its log, if it has one of its own.
    pub(crate) fn log_pid(&self) -> Option<u32> {
        self.log.as_ref().map(nats::Server::pid)
    }

    /// The model, the null proxy, ours on both logs, and the older one.
    pub(crate) fn all(programs: &Programs) -> Result<Vec<Self>> {
        let model = Self::model()?;
        let mut arms = vec![
            Self::null_proxy(&model)?,
            Self::ours("ours, embedded", &programs.server, Log::Embedded, &model)?,
            Self::ours("ours, JetStream", &programs.server, Log::JetStream, &model)?,
        ];
        if let Some(baseline) = &programs.baseline {
            arms.push(Self::ours("own past, embedded", baseline, Log::Embedded, &model)?);
        }
        arms.insert(0, model);
        Ok(arms)
    }

    /// Sends visitors and waits until they are done. An answer that fails ends the bench, unless `may_fail`.
    pub(crate) fn measure(&self, visitors: Visitors, may_fail: bool) -> Result<Measured> {
        let (pid, mut command) = (self.server.pid(), visitors.command(self)?);
        let (cpu, memory) = (process::cpu_seconds(pid)?, process::rss(pid)?);
        let mut most = memory;
        let mut child = command.stdout(Stdio::piped()).spawn().context("the visitors cannot be started")?;
        while child.try_wait()?.is_none() {
            most = most.max(process::rss(pid)?);
            std::thread::sleep(Duration::from_millis(20));
        }
        let output = child.wait_with_output()?;
        ensure!(output.status.success(), "the visitors of {} failed", self.name);
        let report: Report = serde_json::from_slice(&output.stdout).context("the visitors' report")?;
        ensure!(
            may_fail || report.errors == 0,
            "{} of {} answers of {} failed: {}",
            report.errors,
            report.turns + report.errors,
            self.name,
            report.first_error.unwrap_or_default()
        );
        if let Going::Paced { count, .. } = visitors.going {
            ensure!(report.turns + report.errors == u64::from(count), "messages to {} were not sent", self.name);
        }
        ensure!(report.tokens == report.turns * u64::from(visitors.script.tokens), "tokens were lost by {}", self.name);
        let cpu = process::cpu_seconds(pid)? - cpu;
        Ok(Measured { report, cpu, grown: most - memory })
    }
}

impl Visitors {
    pub(crate) fn new(script: Script, going: Going) -> Self {
        Self { script, going, known: 0 }
    }

    fn command(&self, arm: &Arm) -> Result<Command> {
        let protocol = if arm.protocol == Protocol::Ours { "ours" } else { "model" };
        let mut command = process::myself(&["load", "--address", &arm.server.address, "--protocol", protocol])?;
        command.args(["--script", &self.script.to_string(), "--known", &self.known.to_string()]);
        match self.going {
            Going::Closed { clients, seconds } => {
                command.args(["--clients", &clients.to_string(), "--seconds", &seconds.to_string()])
            }
            Going::Paced { count, rate } => command.args(["--count", &count.to_string(), "--rate", &rate.to_string()]),
        };
        Ok(command)
    }
}

/// The settings of a server of ours: nothing of the bench may meet a limit that is there to protect it.
pub(crate) fn variables(dir: &Path, model: &str) -> Vec<(&'static str, OsString)> {
    let mut event_log = OsString::from("embedded:");
    event_log.push(dir.join("log"));
    vec![
        ("PORT", "0".into()),
        ("OPENAI_API_KEY", "sk-bench".into()),
        ("OPENAI_BASE_URL", format!("http://{model}/v1").into()),
        ("RATE_LIMIT_WINDOW_MS", "1000".into()),
        ("RATE_LIMIT_MAX_REQUESTS", "1000000".into()),
        ("MAX_CONCURRENT_REPLIES", "100000".into()),
        ("READ_MODELS", dir.join("read-models").into()),
        ("EVENT_LOG", event_log),
    ]
}

/// Fills the log of `dir` with conversations, as an operator would.
pub(crate) fn seed(program: &Path, dir: &Path, conversations: u64) -> Result<()> {
    let mut command = Command::new(program);
    command.args(["seed", "--conversations", &conversations.to_string()]).envs(variables(dir, "127.0.0.1:9"));
    let output = command.current_dir(dir).output().context("open-chat cannot be started")?;
    ensure!(output.status.success(), "seeding failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
