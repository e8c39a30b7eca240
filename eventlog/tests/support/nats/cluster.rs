//! A cluster of three nodes.

use std::time::Duration;

use serde_json::{Value, json};

use super::asking::SILENCE;
use super::node::{Node, PortTaken};
use super::proxy::{Mode, Proxy};
use super::{PASSWORD, USER, configuration, ports, until};

const NODES: usize = 3;
/// For an answer of one node, before the next is asked.
const NODE_PATIENCE: Duration = Duration::from_secs(5);
const APP: Option<(&str, &str)> = Some((USER, PASSWORD));

pub(crate) struct Cluster {
    nodes: [Node; NODES],
    links: Links,
    _nowhere: Proxy,
}

/// The ways between nodes: `links[i][j]` is the one that node i goes to node j.
type Links = [[Proxy; NODES]; NODES];

impl Cluster {
    /// Three nodes with `deploy/nats/cluster.conf`; waits until they have a leader and all of them follow it.
    pub(crate) fn start() -> Self {
        loop {
            let [a, b, c, routes @ ..] = ports::free::<6>();
            let mut cluster = Self::on([a, b, c], routes);
            if cluster.nodes.iter_mut().all(|node| node.until_ready(APP).is_ok()) {
                cluster.until_whole();
                return cluster;
            }
        }
    }

    fn on(clients: [u16; NODES], routes: [u16; NODES]) -> Self {
        let password = "test-password-of-the-routes";
        let links: Links = std::array::from_fn(|_| routes.map(Proxy::start));
        // Nodes tell each other where they are, and would find a way around the links.
        let nowhere = Proxy::start(routes[0]);
        nowhere.set(Mode::Cut);
        let arguments = ["--cluster_advertise".to_owned(), format!("127.0.0.1:{}", nowhere.port())];
        let nodes = std::array::from_fn(|i| {
            let urls = links[i].each_ref().map(|link| format!("nats://route:{password}@127.0.0.1:{}", link.port()));
            let more = [
                ("NATS_CLUSTER_PORT", routes[i].to_string()),
                ("NATS_ROUTES", format!("[{}]", urls.join(", "))),
                ("NATS_ROUTE_PASSWORD", password.to_owned()),
            ];
            Node::new(&format!("node-{i}"), &configuration().join("cluster.conf"), clients[i], &more, &arguments)
        });
        Self { nodes, links, _nowhere: nowhere }
    }

    /// Parts a node from the others, as a broken network would; its clients still reach it.
    pub(crate) fn isolate(&self, node: usize) {
        self.links_of(node).for_each(|link| link.set(Mode::Partition));
    }

    /// Ends [`isolate`](Self::isolate).
    pub(crate) fn rejoin(&self, node: usize) {
        self.links_of(node).for_each(|link| link.set(Mode::Pass));
    }

    fn links_of(&self, node: usize) -> impl Iterator<Item = &Proxy> {
        let others = (0..NODES).filter(move |&other| other != node);
        others.flat_map(move |other| [&self.links[node][other], &self.links[other][node]])
    }

    /// The addresses of all nodes, separated by commas, with the credentials of `open-chat`.
    pub(crate) fn url(&self) -> String {
        self.urls().join(",")
    }

    /// The address of each node, with the credentials of `open-chat`.
    pub(crate) fn urls(&self) -> [String; NODES] {
        std::array::from_fn(|i| format!("nats://{USER}:{PASSWORD}@127.0.0.1:{}", self.port(i)))
    }

    /// Where the data of a node are.
    pub(crate) fn store(&self, node: usize) -> std::path::PathBuf {
        self.nodes[node].store()
    }

    pub(crate) fn port(&self, node: usize) -> u16 {
        self.nodes[node].port()
    }

    /// Ends a node with SIGKILL.
    pub(crate) fn kill(&mut self, node: usize) {
        self.nodes[node].kill();
    }

    /// Ends a node with SIGTERM.
    pub(crate) fn stop(&mut self, node: usize) {
        self.nodes[node].stop();
    }

    /// Starts a node again, at the same address and on the same data, and waits until it takes clients. It may still have to
    /// catch up: see [`until_whole`](Self::until_whole) and [`until_current`](Self::until_current).
    pub(crate) fn restart(&mut self, node: usize) {
        let node = &mut self.nodes[node];
        if node.runs() {
            node.stop();
        }
        node.spawn();
        if let Err(PortTaken) = node.until_ready(APP) {
            panic!("a port of {} was taken while it was down", node.name());
        }
    }

    /// Stands a node still with SIGSTOP.
    pub(crate) fn pause(&self, node: usize) {
        self.nodes[node].pause();
    }

    pub(crate) fn resume(&self, node: usize) {
        self.nodes[node].resume();
    }

    /// The node that leads this stream of `open-chat`'s account; waits until there is one.
    pub(crate) fn leader_of(&self, stream: &str) -> usize {
        until(&format!("{stream} has a leader"), || {
            let leader = self.cluster_of(stream)?["leader"].as_str()?.to_owned();
            // A node that was killed a moment ago may still be named.
            self.nodes.iter().position(|node| node.name() == leader && node.runs())
        })
    }

    /// The node that leads this stream as `node` sees it; waits until it is one that `accept` takes.
    pub(crate) fn leader_seen_by(&self, node: usize, stream: &str, accept: impl Fn(usize) -> bool) -> usize {
        until(&format!("{stream} has another leader"), || {
            let answer = self.ask_node(node, &format!("$JS.API.STREAM.INFO.{stream}"), "{}")?;
            let leader = answer["cluster"]["leader"].as_str()?;
            self.nodes.iter().position(|node| node.name() == leader).filter(|&leader| accept(leader))
        })
    }

    /// A node that runs and does not lead this stream.
    pub(crate) fn follower_of(&self, stream: &str) -> usize {
        let leader = self.leader_of(stream);
        (0..NODES).find(|&node| node != leader && self.nodes[node].runs()).expect("only the leader runs")
    }

    /// Waits until every node has all of this stream.
    pub(crate) fn until_current(&self, stream: &str) {
        until(&format!("all nodes are current in {stream}"), || all_follow(&self.cluster_of(stream)?));
    }

    /// Waits until the nodes have a leader and all of them follow it.
    pub(crate) fn until_whole(&self) {
        until("the cluster has a leader that all nodes follow", || {
            let views = self.nodes[0].ask("$SYS.REQ.SERVER.PING.JSZ", "{}", NODES, SILENCE);
            let of_leader = views.iter().find(|view| {
                let leader = &view["data"]["meta_cluster"]["leader"];
                leader.is_string() && *leader == view["server"]["name"]
            })?;
            all_follow(&of_leader["data"]["meta_cluster"])
        });
    }

    fn cluster_of(&self, stream: &str) -> Option<Value> {
        let running = self.nodes.iter().filter(|node| node.runs());
        let subject = format!("$JS.API.STREAM.INFO.{stream}");
        let answers = running.map(|node| node.ask(&subject, &json!({}).to_string(), 1, SILENCE));
        answers.flatten().map(|mut answer| answer["cluster"].take()).find(|cluster| cluster["leader"].is_string())
    }

    /// Asks through one node; `None` when nobody answers soon.
    pub(crate) fn ask_node(&self, node: usize, subject: &str, body: &str) -> Option<Value> {
        self.nodes[node].ask(subject, body, 1, SILENCE).pop()
    }

    /// Asks the cluster as `open-chat`, through any node that runs and answers in time.
    pub(crate) fn ask(&self, subject: &str, body: &str) -> Value {
        let mut running = self.nodes.iter().filter(|node| node.runs());
        let answer = running.find_map(|node| node.ask(subject, body, 1, NODE_PATIENCE).pop());
        answer.unwrap_or_else(|| panic!("no answer to {subject}"))
    }

    /// What a node wrote to its log.
    pub(crate) fn log(&self, node: usize) -> String {
        self.nodes[node].log()
    }
}

fn all_follow(group: &Value) -> Option<()> {
    let replicas = group["replicas"].as_array()?;
    let follows = |replica: &Value| replica["current"] == true && replica["offline"] != true;
    (replicas.len() == NODES - 1 && replicas.iter().all(follows)).then_some(())
}
