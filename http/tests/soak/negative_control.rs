//! A log that acknowledges what it never stores. If the checker finds nothing here, it finds nothing anywhere.

use std::thread::sleep;
use std::time::Duration;

use crate::checker::Violation;
use crate::faults::Fault;
use crate::nats::{Mode, Proxy};
use crate::run::{alone, run, say};
use crate::stand::Stand;

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
