//! A log that acknowledges what it never stores, and replicas that are not let go in order. If the checker finds nothing here, it finds
//! nothing anywhere.

use std::thread::sleep;
use std::time::Duration;

use crate::checker::Violation;
use crate::faults::{Fault, proxy};
use crate::nats::{Mode, Proxy};
use crate::run::{alone, run, say};
use crate::stand::Stand;
use crate::support::ReverseProxy;

/// The way of one replica to the server lies for a while.
fn forge(stand: &mut Stand) {
    let proxy = stand.proxy(0);
    proxy.set(Mode::Forge);
    let forged = |proxy: &Proxy| proxy.forged() >= 50;
    for _ in 0..3_000 {
        if forged(proxy) {
            break;
        }
        sleep(Duration::from_millis(10));
    }
    assert!(forged(proxy), "hardly anything was forged");
    // Before the lies are read back and contradict themselves.
    stand.replicas[0].kill();
    stand.proxy(0).set(Mode::Pass);
    stand.replicas[0].restart();
}

#[test]
fn acknowledgements_of_what_was_never_stored_are_found() {
    let _alone = alone();
    say("negative control: forged acknowledgements");
    let fault = Fault { name: "forged acknowledgements", deploy: || Stand::single(2), strike: forge };
    let row = run(&fault, Duration::from_secs(1));
    let lost =
        |violation: &&Violation| matches!(violation, Violation::LostMessage { .. } | Violation::LostAnswer { .. });
    let found = row.violations.iter().filter(lost).count();
    assert!(found > 0, "the checker misses lost messages: {:?}", row.violations);
    say(&format!("negative control: {found} losses found"));
}

/// Runs a restart behind the proxy that goes wrong; how many tries ended with what begins so.
fn noticed(name: &'static str, strike: fn(&mut Stand), end: &str) -> usize {
    say(&format!("negative control: {name}"));
    let row = run(&Fault { name, deploy: proxy, strike }, Duration::from_secs(1));
    assert_eq!(row.violations, [], "what was acknowledged is kept all the same");
    assert!(!row.faults().is_empty(), "what visitors noticed is no fault");
    row.measures.ends.iter().filter(|(ended, _)| ended.starts_with(end)).map(|(_, count)| count).sum()
}

#[test]
fn streams_that_a_killed_replica_cuts_are_found_behind_the_proxy() {
    let _alone = alone();
    if !ReverseProxy::is_there() {
        return;
    }
    let kill = |stand: &mut Stand| {
        stand.replicas[0].kill();
        stand.send_to_replicas_from(1);
    };
    assert!(noticed("a replica is killed", kill, "cut") > 0, "the checker misses cut streams");
}

#[test]
fn messages_that_a_stopping_replica_refuses_are_found_behind_the_proxy() {
    let _alone = alone();
    if !ReverseProxy::is_there() {
        return;
    }
    let stop = |stand: &mut Stand| stand.replicas[0].stop();
    assert!(noticed("a replica still gets visitors while it stops", stop, "503 draining") > 0, "no refusal is found");
}
