//! Faults, each on a deployment of its own, with load before, during and after it.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::checker::check;
use crate::measure::measure;
use crate::nats::Mode;
use crate::report::{Report, Row, keep_evidence};
use crate::stand::{STREAM, Stand};
use crate::visitors::Load;

const REPLICAS: usize = 1;
/// Answers that show that the load runs, and later that service is back.
const SIGN_OF_SERVICE: u64 = 20;
/// Bound on hangs.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long a server or a replica is away.
const AWAY: Duration = Duration::from_secs(1);
/// Longer than others wait before they take a replica for dead.
const TAKEN_FOR_DEAD: Duration = Duration::from_secs(7);

/// One fault: where, and what is done there.
pub struct Fault {
    pub name: &'static str,
    pub deploy: fn() -> Stand,
    pub strike: fn(&mut Stand),
}

const FAULTS: &[Fault] = &[
    Fault { name: "embedded: kill -9 the replica", deploy: Stand::embedded, strike: kill_a_replica },
    Fault { name: "single: no fault", deploy: single, strike: |_| sleep(AWAY) },
    Fault { name: "single: kill -9 a replica", deploy: single, strike: kill_a_replica },
    Fault { name: "single: pause a replica 7 s", deploy: single, strike: pause_a_replica },
    Fault { name: "single: stop replicas in turn", deploy: single, strike: stop_replicas_in_turn },
    Fault { name: "single: kill -9 the server", deploy: single, strike: kill_the_server },
    Fault { name: "single: pause the server 3 s", deploy: single, strike: pause_the_server },
    Fault { name: "single: part a replica 7 s", deploy: single, strike: part_a_replica },
    Fault { name: "single: part all replicas 2 s", deploy: single, strike: part_all_replicas },
    Fault { name: "single: lose acknowledgements", deploy: single, strike: lose_acknowledgements },
    Fault { name: "cluster: kill -9 the leader", deploy: cluster, strike: kill_the_leader },
    Fault { name: "cluster: kill -9 a follower", deploy: cluster, strike: kill_a_follower },
    Fault { name: "cluster: pause the leader 7 s", deploy: cluster, strike: pause_the_leader },
    Fault { name: "cluster: restart nodes in turn", deploy: cluster, strike: restart_nodes_in_turn },
    Fault { name: "cluster: kill -9 a replica", deploy: cluster, strike: kill_a_replica },
];

fn single() -> Stand {
    Stand::single(REPLICAS)
}

fn cluster() -> Stand {
    Stand::cluster(REPLICAS)
}

fn kill_a_replica(stand: &mut Stand) {
    stand.replicas[0].kill();
    sleep(AWAY);
    stand.replicas[0].restart();
}

fn pause_a_replica(stand: &mut Stand) {
    stand.replicas[0].pause();
    sleep(TAKEN_FOR_DEAD);
    stand.replicas[0].resume();
}

fn stop_replicas_in_turn(stand: &mut Stand) {
    for replica in &mut stand.replicas {
        replica.stop();
        replica.restart();
    }
}

fn kill_the_server(stand: &mut Stand) {
    stand.server().kill();
    sleep(AWAY);
    stand.server().restart();
}

fn pause_the_server(stand: &mut Stand) {
    stand.server().pause();
    sleep(3 * AWAY);
    stand.server().resume();
}

fn part_a_replica(stand: &mut Stand) {
    stand.proxy(0).set(Mode::Partition);
    sleep(TAKEN_FOR_DEAD);
    stand.proxy(0).set(Mode::Pass);
}

fn part_all_replicas(stand: &mut Stand) {
    (0..REPLICAS).for_each(|replica| stand.proxy(replica).set(Mode::Partition));
    sleep(2 * AWAY);
    (0..REPLICAS).for_each(|replica| stand.proxy(replica).set(Mode::Pass));
}

/// Appends arrive and their acknowledgements do not; then the connections are cut.
fn lose_acknowledgements(stand: &mut Stand) {
    (0..REPLICAS).for_each(|replica| stand.proxy(replica).set(Mode::Deaf));
    sleep(AWAY);
    (0..REPLICAS).for_each(|replica| stand.proxy(replica).set(Mode::Cut));
    sleep(AWAY);
    (0..REPLICAS).for_each(|replica| stand.proxy(replica).set(Mode::Pass));
}

fn kill_the_leader(stand: &mut Stand) {
    let leader = stand.cluster_nodes().leader_of(STREAM);
    kill_a_node(stand, leader);
}

fn kill_a_follower(stand: &mut Stand) {
    let follower = stand.cluster_nodes().follower_of(STREAM);
    kill_a_node(stand, follower);
}

/// The node stays away until service is back without it.
fn kill_a_node(stand: &mut Stand, node: usize) {
    let cluster = stand.cluster_nodes();
    cluster.kill(node);
    cluster.leader_of(STREAM);
    sleep(AWAY);
    cluster.restart(node);
    cluster.until_current(STREAM);
}

fn pause_the_leader(stand: &mut Stand) {
    let cluster = stand.cluster_nodes();
    let leader = cluster.leader_of(STREAM);
    cluster.pause(leader);
    sleep(TAKEN_FOR_DEAD);
    cluster.resume(leader);
    cluster.until_current(STREAM);
}

fn restart_nodes_in_turn(stand: &mut Stand) {
    let cluster = stand.cluster_nodes();
    for node in 0..3 {
        cluster.stop(node);
        cluster.restart(node);
        cluster.until_whole();
        cluster.until_current(STREAM);
    }
}

/// How long a fault's load runs besides the fault itself: `SOAK_SECONDS_PER_FAULT`.
pub fn load_time() -> Duration {
    let seconds = std::env::var("SOAK_SECONDS_PER_FAULT").map_or(6, |text| {
        text.parse().unwrap_or_else(|_| panic!("SOAK_SECONDS_PER_FAULT={text} is not a number of seconds"))
    });
    Duration::from_secs(seconds)
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
    let epoch = Instant::now();
    let load = {
        let _inside = runtime.enter();
        Load::start(stand.addresses.clone(), epoch)
    };
    until_served(&load, SIGN_OF_SERVICE);
    let from = epoch.elapsed();
    sleep(time / 2);
    let struck = epoch.elapsed();
    (fault.strike)(&mut stand);
    until_served(&load, load.answered() + SIGN_OF_SERVICE);
    sleep(time / 2);
    let until = epoch.elapsed();
    let seen = runtime.block_on(load.stop());
    let events = runtime.block_on(stand.events());
    let (asked, given) = stand.model.counts();
    let row = Row {
        fault: fault.name,
        measures: measure(&seen, from, struck, until),
        asked,
        given,
        events: events.len(),
        violations: check(&events, &seen),
        panics: stand.replicas.iter().flat_map(|replica| replica.panics()).collect(),
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

#[test]
fn no_fault_loses_doubles_or_reorders_what_was_acknowledged() {
    let _alone = alone();
    let only = std::env::var("SOAK_FAULT").unwrap_or_default();
    let chosen: Vec<_> = FAULTS.iter().filter(|fault| fault.name.contains(&only)).collect();
    assert!(!chosen.is_empty(), "no fault's name contains SOAK_FAULT={only}");
    let mut report = Report::create();
    for (number, fault) in (1..).zip(&chosen) {
        say(&format!("{number} of {}: {}", chosen.len(), fault.name));
        report.add(run(fault, load_time()));
    }
    say(&format!("done\n{}", report.table()));
    let wrong = report.faults();
    assert!(wrong.is_empty(), "{} broken promises:\n{}", wrong.len(), wrong.join("\n"));
}
