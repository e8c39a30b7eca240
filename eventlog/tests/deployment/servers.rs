//! Servers that stop, stand still and come back, and the way to them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use crate::nats::{Cluster, Mode, Proxy, Server};

const STREAM: &str = "open-chat";

fn stream(replicas: usize) -> String {
    json!({"name": STREAM, "subjects": ["open-chat.conversation.*"], "storage": "file", "num_replicas": replicas})
        .to_string()
}

#[test]
fn what_was_acknowledged_is_there_after_a_kill_and_a_restart() {
    let mut server = Server::start();
    assert_eq!(server.ask("$JS.API.STREAM.CREATE.open-chat", &stream(1))["config"]["name"], STREAM);
    assert_eq!(server.ask("open-chat.conversation.c", "one")["seq"], 1);
    let port = server.port();
    server.kill();
    server.restart();
    assert_eq!(server.port(), port);
    assert_eq!(server.ask("open-chat.conversation.c", "two")["seq"], 2);
    server.restart();
    assert_eq!(server.ask("$JS.API.STREAM.INFO.open-chat", "{}")["state"]["messages"], 2);
}

#[test]
fn a_paused_server_answers_when_it_goes_on() {
    let server = Server::start();
    server.pause();
    assert_eq!(server.try_ask("$JS.API.INFO", ""), None);
    server.resume();
    assert_eq!(server.ask("$JS.API.INFO", "")["streams"], 0);
}

#[test]
fn a_server_with_another_configuration_starts_too() {
    let text = "server_name: $NATS_NAME\nhost: $NATS_HOST\nport: $NATS_PORT\njetstream { store_dir: $NATS_STORE }";
    let server = Server::start_with(text);
    assert!(TcpStream::connect(("127.0.0.1", server.port())).is_ok());
}

#[test]
fn a_stream_of_a_cluster_has_another_leader_after_the_first_was_killed() {
    let mut cluster = Cluster::start();
    assert_eq!(cluster.ask("$JS.API.STREAM.CREATE.open-chat", &stream(3))["config"]["num_replicas"], 3);
    let leader = cluster.leader_of(STREAM);
    assert_eq!(cluster.ask("open-chat.conversation.c", "one")["seq"], 1);
    cluster.kill(leader);
    let next = cluster.leader_of(STREAM);
    assert_ne!(next, leader);
    assert_ne!(cluster.follower_of(STREAM), next);
    cluster.restart(leader);
    cluster.until_current(STREAM);
    cluster.until_whole();
    assert_eq!(cluster.ask("$JS.API.STREAM.INFO.open-chat", "{}")["state"]["messages"], 1);
}

#[test]
fn a_node_that_is_parted_from_the_others_loses_its_lead_and_follows_when_it_is_back() {
    let cluster = Cluster::start();
    cluster.ask("$JS.API.STREAM.CREATE.open-chat", &stream(3));
    let leader = cluster.leader_of(STREAM);
    cluster.isolate(leader);
    let other = (leader + 1) % 3;
    let next = cluster.leader_seen_by(other, STREAM, |next| next != leader);
    assert_ne!(next, leader);
    assert_eq!(cluster.ask_node(other, "open-chat.conversation.c", "one").unwrap()["seq"], 1);
    assert_eq!(
        cluster.ask_node(leader, "open-chat.conversation.d", "two"),
        None,
        "the isolated node acknowledges nothing"
    );
    cluster.rejoin(leader);
    cluster.until_current(STREAM);
    let last = r#"{"last_by_subj":"open-chat.conversation.c"}"#;
    assert_eq!(
        cluster.ask("$JS.API.STREAM.MSG.GET.open-chat", last)["message"]["data"],
        "b25l",
        "`one` is still there"
    );
}

/// A client by hand: signs in through the proxy and hears whether the server answers a ping.
struct Client(TcpStream);

impl Client {
    fn new(proxy: &Proxy) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        Self(stream)
    }

    fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).unwrap();
    }

    /// What comes until silence; `None` when the connection is closed.
    fn hear(&mut self) -> Option<String> {
        let mut heard = String::new();
        let mut buffer = [0; 4096];
        loop {
            match self.0.read(&mut buffer) {
                Ok(0) => return None,
                Ok(length) => heard.push_str(std::str::from_utf8(&buffer[..length]).unwrap()),
                Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                    return Some(heard);
                }
                Err(_) => return None,
            }
        }
    }
}

const SIGN_IN: &str =
    "CONNECT {\"user\":\"open-chat\",\"pass\":\"password-of-open-chat-in-these-tests\",\"verbose\":false}\r\nPING\r\n";

#[test]
fn the_proxy_holds_drops_and_cuts_as_it_is_told() {
    let server = Server::start();
    let proxy = Proxy::start(server.port());
    let mut client = Client::new(&proxy);
    client.send(SIGN_IN);
    assert!(client.hear().unwrap().ends_with("PONG\r\n"));

    proxy.set(Mode::Partition);
    client.send("PING\r\n");
    assert_eq!(client.hear().unwrap(), "");
    proxy.set(Mode::Pass);
    assert_eq!(client.hear().unwrap(), "PONG\r\n", "what was held arrives");

    proxy.set(Mode::Delay(Duration::from_millis(50)));
    client.send("PING\r\n");
    assert_eq!(client.hear().unwrap(), "PONG\r\n");

    proxy.set(Mode::Deaf);
    client.send("PING\r\n");
    assert_eq!(client.hear().unwrap(), "");
    proxy.set(Mode::Pass);
    assert_eq!(client.hear(), None, "a connection that lost bytes is not used on");

    let mut client = Client::new(&proxy);
    assert!(client.hear().unwrap().starts_with("INFO "));
    proxy.set(Mode::Cut);
    assert_eq!(client.hear(), None);
    assert_eq!(Client::new(&proxy).hear(), None, "new connections obey the mode");
}

#[test]
fn the_proxy_forges_acknowledgements_of_appends_that_never_arrive() {
    let server = Server::start();
    server.ask("$JS.API.STREAM.CREATE.open-chat", &stream(1));
    let proxy = Proxy::start(server.port());
    proxy.set(Mode::Forge);
    let mut client = Client::new(&proxy);
    client.send(SIGN_IN);
    assert!(client.hear().unwrap().ends_with("PONG\r\n"));
    client.send("SUB _INBOX.a.* 7\r\nPUB open-chat.conversation.c _INBOX.a.1 3\r\none\r\n");
    assert!(client.hear().unwrap().starts_with("MSG _INBOX.a.1 7 "));
    client.send("HPUB open-chat.conversation.c _INBOX.a.2 12 15\r\nNATS/1.0\r\n\r\ntwo\r\n");
    assert!(client.hear().unwrap().contains("\"stream\":\"open-chat\""));
    assert_eq!(proxy.forged(), 2);
    client.send("PUB $JS.API.STREAM.INFO.open-chat _INBOX.a.3 0\r\n\r\n");
    assert!(client.hear().unwrap().contains("\"messages\":0"), "everything else reaches the server");
}
