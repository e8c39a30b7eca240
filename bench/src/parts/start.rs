//! A start on an empty log, an idle server, and the size of the program.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::{Found, Plan};
use crate::blocks::{Pairs, interleave, median};
use crate::goal::{Bound, Row};
use crate::process::{self, Process};
use crate::stand::{Programs, variables};
use crate::stats::Estimate;

const PART: &str = "start";
const MIB: f64 = 1048576.0;
/// After it, what a start leaves to be done later has been done.
const SETTLED: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    NullProxy,
    Ours,
}

/// A start: how long until `/health` was answered, and how much memory was used soon after, in bytes.
struct Start {
    ms: f64,
    memory: u64,
}

pub(crate) fn measure(programs: &Programs, plan: Plan) -> Result<Found> {
    let mut found = Found::default();
    let all = interleave(&[Kind::NullProxy, Kind::Ours], plan.blocks(), |kind| kind.start(&programs.server, plan))?;
    let of = |pairs: &Pairs<Start>| (median(pairs, |start| start.ms), median(pairs, |start| start.memory as f64 / MIB));
    let ((null_time, null_memory), (time, memory)) = (of(&all[0]), of(&all[1]));
    found.figure(PART, "start until /health is answered", "null proxy", "ms", null_time);
    found.figure(PART, "idle memory", "null proxy", "MiB", null_memory);
    found.counted = all[1].len() as u64;
    let size = std::fs::metadata(&programs.server)?.len() as f64 / MIB;
    let row = |what, unit, at_most, figure| Row::new(8, what, unit, Bound::AtMost(at_most), figure);
    found.row(time.map(|time| row("start on an empty log until /health is answered", "ms", 50.0, time)));
    found.row(memory.map(|memory| row("idle memory", "MiB", 20.0, memory)));
    found.row(Some(row("size of the program, everything embedded", "MiB", 25.0, Estimate::single(size))));
    Ok(found)
}

impl Kind {
    fn start(self, server: &Path, plan: Plan) -> Result<Start> {
        let dir = process::directory()?;
        let (command, vars) = match self {
            Self::NullProxy => (process::myself(&["proxy", "--model", "http://127.0.0.1:9"])?, vec![]),
            Self::Ours => (Command::new(server), variables(dir.path(), "127.0.0.1:9")),
        };
        let begin = Instant::now();
        let process = Process::serve(command, dir.path(), &vars)?;
        health(&process.address)?;
        let ms = begin.elapsed().as_secs_f64() * 1000.0;
        std::thread::sleep(plan.or(SETTLED, Duration::ZERO));
        Ok(Start { ms, memory: process::rss(process.pid())? })
    }
}

/// Asks for `/health` on a connection of its own.
fn health(address: &str) -> Result<()> {
    let mut stream = TcpStream::connect(address).context("the server said that it listens")?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET /health HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    ensure!(answer.starts_with("HTTP/1.1 200"), "/health is not well: {answer}");
    Ok(())
}
