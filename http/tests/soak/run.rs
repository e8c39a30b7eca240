//! Runs faults: load before, during and after each, then the checker's verdict on the whole log.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::checker::check;
use crate::faults::{BEHIND_A_PROXY, FAULTS, Fault};
use crate::measure::measure;
use crate::report::{Report, Row, keep_evidence};
use crate::seen::Clock;
use crate::support::ReverseProxy;
use crate::visitors::Load;

/// Answers that show that the load runs, and later that service is back.
const SIGN_OF_SERVICE: u64 = 20;
/// Bound on hangs.
const PATIENCE: Duration = Duration::from_secs(90);
/// Load besides a fault when nobody measures, and how many faults run at the same time then.
const SHORT: Duration = Duration::from_secs(3);
const SIDE_BY_SIDE: usize = 3;

/// How long a fault's load runs besides the fault itself: `SOAK_SECONDS_PER_FAULT`, if somebody wants to measure.
fn load_time() -> Option<Duration> {
    let text = std::env::var("SOAK_SECONDS_PER_FAULT").ok()?;
    let seconds = text.parse().unwrap_or_else(|_| panic!("SOAK_SECONDS_PER_FAULT={text} is not a number of seconds"));
    Some(Duration::from_secs(seconds))
}

/// Only one deployment runs at a time, or one test's load would be another's fault.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a fault for `time` besides the fault itself.
pub fn run(fault: &Fault, time: Duration) -> Row {
    let runtime = Runtime::new().unwrap();
    let mut stand = (fault.deploy)();
    let clock = Clock::start();
    let load = {
        let _inside = runtime.enter();
        Load::start(stand.addresses.clone(), &stand.crowd(), clock)
    };
    until_served(&load, SIGN_OF_SERVICE);
    let from = clock.now();
    sleep(time / 2);
    let struck = clock.now();
    (fault.strike)(&mut stand);
    until_served(&load, load.answered() + SIGN_OF_SERVICE);
    sleep(time / 2);
    let until = clock.now();
    let seen = runtime.block_on(load.stop());
    let events = runtime.block_on(stand.events());
    let (asked, given) = stand.model.counts();
    let row = Row {
        fault: fault.name,
        measures: measure(&seen, from, struck, until),
        asked,
        given,
        events: events.len(),
        violations: check(&events, &seen, &stand.lateness),
        panics: stand.replicas.iter().flat_map(|replica| replica.panics()).collect(),
        unnoticed: stand.front.is_some(),
    };
    if !row.faults().is_empty() {
        say(&format!("evidence is in {}", keep_evidence(fault.name, &stand, &events, &seen).display()));
    }
    row
}

/// Waits until so many messages were answered; a deployment that never comes to it is judged by what it left unanswered.
fn until_served(load: &Load, answers: u64) {
    let begun = Instant::now();
    while load.answered() < answers && begun.elapsed() < PATIENCE {
        sleep(Duration::from_millis(10));
    }
}

/// Progress, also where the test's output is kept back.
pub fn say(words: &str) {
    let _ = writeln!(io::stderr(), "soak: {words}");
}

/// The faults whose names hold `SOAK_FAULT`; without it, all.
fn chosen() -> Vec<&'static Fault> {
    let part = std::env::var("SOAK_FAULT").unwrap_or_default();
    let mut chosen: Vec<_> = FAULTS.iter().filter(|fault| fault.name.contains(&part)).collect();
    assert!(!chosen.is_empty(), "no fault's name contains SOAK_FAULT={part}");
    let needs_a_proxy = |fault: &&Fault| fault.name.starts_with(BEHIND_A_PROXY);
    if chosen.iter().any(needs_a_proxy) && !ReverseProxy::is_there() {
        chosen.retain(|fault| !needs_a_proxy(fault));
    }
    chosen
}

/// One after the other when it is measured. Otherwise some side by side, since a fault is mostly waiting.
#[test]
fn no_fault_loses_doubles_or_reorders_what_was_acknowledged() {
    let _alone = alone();
    let (faults, report) = (chosen(), Mutex::new(Report::create()));
    let (time, workers) = load_time().map_or((SHORT, SIDE_BY_SIDE), |time| (time, 1));
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(fault) = faults.get(next.fetch_add(1, Ordering::SeqCst)) {
            say(fault.name);
            let row = run(fault, time);
            report.lock().unwrap().add(row);
        }
    };
    std::thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
    let report = report.into_inner().unwrap();
    say(&format!("done\n{}", report.table()));
    let wrong = report.faults();
    assert!(wrong.is_empty(), "{} broken promises:\n{}", wrong.len(), wrong.join("\n"));
}
