//! Read models: how fast they are built anew, how soon they are live after a restart, and what reads cost at a million. The measuring
//! is done by the benches of `chat-projections`; here their last lines become goals.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::{Found, Plan};
use crate::goal::{Bound, Row};
use crate::process::{self, Process};
use crate::stand::{Programs, seed, variables};
use crate::stats::Estimate;

/// Made-up conversations with just over a million events.
const MILLION_EVENTS: u64 = 187_000;
/// A bound on hangs, not a measurement.
const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) fn measure(programs: &Programs, plan: Plan) -> Result<Found> {
    let mut found = Found::default();
    if !plan.quick {
        let rebuilt = bench("rebuild", MILLION_EVENTS)?;
        for log in ["an embedded log", "JetStream"] {
            let of_the_floor = spread_after(&rebuilt, &format!("of the bare insert's speed, from {log}: "));
            let what = format!("rebuild from {log} beside a bare insert");
            found.row(of_the_floor.map(|figure| Row::new(6, what, "×", Bound::AtLeast(0.8), figure)));
        }
        let reads = bench("scale", 1_000_000)?;
        found.row(read(&reads, "list, first page", |_, beside| beside).map(|beside| {
            Row::new(
                7,
                "first page of the list at 1,000,000 conversations beside 1,000, p50",
                "×",
                Bound::AtMost(1.5),
                beside,
            )
        }));
        found.row(read(&reads, "search, common word (the)", |p99, _| p99).map(|p99| {
            Row::new(7, "search for a common word at 1,000,000 conversations, p99", "ms", Bound::AtMost(20.0), p99)
        }));
    }
    restart(programs, plan, &mut found)?;
    Ok(found)
}

/// The whole process on a log that it knows: from the start until its read models are live.
fn restart(programs: &Programs, plan: Plan, found: &mut Found) -> Result<()> {
    let dir = process::directory()?;
    seed(&programs.server, dir.path(), plan.or(MILLION_EVENTS, 1_000))?;
    let vars = variables(dir.path(), "127.0.0.1:9");
    let mut times = Vec::new();
    for _ in 0..=plan.blocks() {
        let begin = Instant::now();
        let process = Process::serve(Command::new(&programs.server), dir.path(), &vars)?;
        until_live(&process)?;
        times.push(begin.elapsed().as_secs_f64());
        found.counted += 1;
    }
    // The first start built the read models.
    let what = "restart with 1,000,000 events until the read models are live";
    let figure = Estimate::of(times.split_off(1));
    found.row(figure.map(|figure| Row::new(6, what, "s", Bound::AtMost(0.5), figure)));
    Ok(())
}

/// Waits until the read models of a server have all that its log has.
pub(super) fn until_live(process: &Process) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !ready(&process.address)?.contains(r#""state":"live""#) {
        ensure!(Instant::now() < deadline, "the read models are not live after {} s", PATIENCE.as_secs());
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

fn ready(address: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET /ready HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Runs a bench of `chat-projections`; what it prints is shown and answered.
fn bench(name: &str, conversations: u64) -> Result<String> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["bench", "--package", "chat-projections", "--bench", name]);
    command.env("BENCH_CONVERSATIONS", conversations.to_string());
    let output = command.stderr(Stdio::inherit()).output().context("cargo cannot be started: is it on PATH?")?;
    ensure!(output.status.success(), "the bench `{name}` failed: what cargo printed above says why");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    print!("{printed}");
    Ok(printed)
}

/// `0.74 (0.72 to 0.90)`: the median of a few rounds, with the least and the greatest.
fn spread_after(printed: &str, words: &str) -> Option<Estimate> {
    let line = printed.lines().find_map(|line| line.strip_prefix(words))?;
    let numbers: Vec<f64> = line.split(['(', ')', ' ']).filter_map(|word| word.parse().ok()).collect();
    let [median, low, high] = numbers.get(..3)?.try_into().ok()?;
    Some(Estimate { median, low, high, values: 5 })
}

/// From the last line of a read, that of the most conversations, its 99th percentile or its median beside that of the fewest.
fn read(printed: &str, name: &str, which: fn(f64, f64) -> f64) -> Option<Estimate> {
    let line = printed.lines().rev().find(|line| line.starts_with(name))?;
    let mut numbers = line.split_whitespace().rev().filter_map(|word| word.parse().ok());
    let (beside, p99) = (numbers.next()?, numbers.next()?);
    Some(Estimate::single(which(p99, beside)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_benches_print_is_found() {
        let printed = "round 5: rebuilt in 1.0s (0.74)\nof the bare insert's speed, from a log: 0.74 (0.72 to 0.90)\n";
        let estimate = spread_after(printed, "of the bare insert's speed, from a log: ").unwrap();
        assert_eq!((estimate.median, estimate.low, estimate.high), (0.74, 0.72, 0.9));
        let printed =
            "list, first page      1000   0.143   0.300   1.00\nlist, first page   1000000   0.116   0.310   0.81\n";
        assert_eq!(read(printed, "list, first page", |_, beside| beside).unwrap().median, 0.81);
        assert_eq!(read(printed, "list, first page", |p99, _| p99).unwrap().median, 0.31);
        assert_eq!(read(printed, "thread", |p99, _| p99), None);
    }
}
