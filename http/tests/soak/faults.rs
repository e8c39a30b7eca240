//! The faults, each of which strikes a deployment of its own.

use std::thread::sleep;
use std::time::Duration;

use crate::nats::Mode;
use crate::stand::{STREAM, Stand};

const REPLICAS: usize = 3;
/// How long a server or a replica is away.
const AWAY: Duration = Duration::from_secs(1);
/// Longer than others wait before they take a replica for dead.
const TAKEN_FOR_DEAD: Duration = Duration::from_secs(7);
/// Longer than the nodes wait before they elect another leader.
const TAKEN_FOR_LOST: Duration = Duration::from_secs(15);
/// From the moment a replica gets no new visitors until it is asked to stop: time for connections that a busy proxy has accepted
/// and not read yet. In Kubernetes, preStop, of ten seconds.
const PRE_STOP: Duration = Duration::from_secs(3);
/// How much later everything arrives on a slow way.
const SLOW: Duration = Duration::from_millis(300);

/// One fault: where, and what is done there.
pub struct Fault {
    pub name: &'static str,
    pub deploy: fn() -> Stand,
    pub strike: fn(&mut Stand),
}

/// All of them.
pub const FAULTS: &[Fault] = &[
    Fault { name: "embedded: kill -9 the replica", deploy: Stand::embedded, strike: kill_a_replica },
    Fault { name: "single: no fault", deploy: single, strike: |_| sleep(AWAY) },
    Fault { name: "single: kill -9 a replica", deploy: single, strike: kill_a_replica },
    Fault { name: "single: pause a replica 7 s", deploy: single, strike: pause_a_replica },
    Fault { name: "single: stop replicas in turn", deploy: single, strike: stop_replicas_in_turn },
    Fault { name: "single: kill -9 the server", deploy: single, strike: kill_the_server },
    Fault { name: "single: pause the server 3 s", deploy: single, strike: pause_the_server },
    Fault { name: "single: part a replica 7 s", deploy: single, strike: part_a_replica },
    Fault { name: "single: part all replicas 2 s", deploy: single, strike: part_all_replicas },
    Fault { name: "single: deafen a replica 7 s", deploy: single, strike: deafen_a_replica },
    Fault { name: "single: slow way to a replica", deploy: single, strike: slow_down_a_replica },
    Fault { name: "single: lose acknowledgements", deploy: single, strike: lose_acknowledgements },
    Fault { name: "single: kill -9 everything", deploy: single, strike: kill_everything },
    Fault { name: "cluster: kill -9 the leader", deploy: cluster, strike: kill_the_leader },
    Fault { name: "cluster: kill -9 a follower", deploy: cluster, strike: kill_a_follower },
    Fault { name: "cluster: pause the leader 15 s", deploy: cluster, strike: pause_the_leader },
    Fault { name: "cluster: restart nodes in turn", deploy: cluster, strike: restart_nodes_in_turn },
    Fault { name: "cluster: kill -9 all nodes", deploy: cluster, strike: kill_all_nodes },
    Fault { name: "cluster: kill -9 a replica", deploy: cluster, strike: kill_a_replica },
    Fault { name: "zones: part the leader's 15 s", deploy: Stand::zones, strike: part_the_leaders_zone },
    Fault { name: "zones: part a follower's 15 s", deploy: Stand::zones, strike: part_a_followers_zone },
    Fault { name: "proxy: rolling restart", deploy: proxy, strike: restart_one_after_the_other },
];

/// How the names begin of those that need nginx. Their visitors must not notice anything.
pub const BEHIND_A_PROXY: &str = "proxy: ";

fn single() -> Stand {
    Stand::single(REPLICAS)
}

fn cluster() -> Stand {
    Stand::cluster(REPLICAS)
}

pub fn proxy() -> Stand {
    Stand::behind_a_proxy(REPLICAS)
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

/// What Kubernetes does: a new replica is ready before an old one gets no more visitors, and only then that is asked to stop.
fn restart_one_after_the_other(stand: &mut Stand) {
    for _ in 0..REPLICAS {
        stand.start_another();
        stand.send_to_replicas_from(0);
        stand.send_to_replicas_from(1);
        sleep(PRE_STOP);
        let mut oldest = stand.replicas.remove(0);
        oldest.stop();
        assert_eq!(oldest.panics(), [""; 0]);
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

/// What the replica says arrives, and it hears nothing.
fn deafen_a_replica(stand: &mut Stand) {
    stand.proxy(0).set(Mode::Deaf);
    sleep(TAKEN_FOR_DEAD);
    stand.proxy(0).set(Mode::Pass);
}

fn slow_down_a_replica(stand: &mut Stand) {
    // What comes while something else is held back waits for that first.
    stand.lateness.insert(0, 2 * SLOW);
    stand.proxy(0).set(Mode::Delay(SLOW));
    sleep(5 * AWAY);
    stand.proxy(0).set(Mode::Pass);
}

/// Appends arrive and their acknowledgements do not; then the connections are cut.
fn lose_acknowledgements(stand: &mut Stand) {
    (0..REPLICAS).for_each(|replica| stand.proxy(replica).set(Mode::Deaf));
    sleep(AWAY);
    (0..REPLICAS).for_each(|replica| stand.proxy(replica).set(Mode::Cut));
    sleep(AWAY);
    (0..REPLICAS).for_each(|replica| stand.proxy(replica).set(Mode::Pass));
}

fn kill_everything(stand: &mut Stand) {
    stand.replicas.iter_mut().for_each(|replica| replica.kill());
    stand.server().kill();
    stand.server().restart();
    stand.replicas.iter_mut().for_each(|replica| replica.restart());
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
    sleep(TAKEN_FOR_LOST);
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

fn kill_all_nodes(stand: &mut Stand) {
    let cluster = stand.cluster_nodes();
    (0..3).for_each(|node| cluster.kill(node));
    (0..3).for_each(|node| cluster.restart(node));
    cluster.until_whole();
    cluster.until_current(STREAM);
}

fn part_the_leaders_zone(stand: &mut Stand) {
    let leader = stand.cluster_nodes().leader_of(STREAM);
    part_a_zone(stand, leader);
}

fn part_a_followers_zone(stand: &mut Stand) {
    let follower = stand.cluster_nodes().follower_of(STREAM);
    part_a_zone(stand, follower);
}

/// The zone's node does not reach the others; its replica reaches the node, and visitors reach the replica.
fn part_a_zone(stand: &mut Stand, node: usize) {
    let cluster = stand.cluster_nodes();
    cluster.isolate(node);
    sleep(TAKEN_FOR_LOST);
    cluster.rejoin(node);
    cluster.until_current(STREAM);
}
