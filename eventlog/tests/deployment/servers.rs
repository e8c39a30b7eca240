//! Servers that stop, stand still and come back, and the way to them.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use crate::nats::{Cluster, Mode, Proxy, Server, until};

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
    // As long as the others do not know who leads now, what is published may go to the isolated node alone.
    let acknowledged = until("`one` is stored", || {
        let stored = cluster.ask_node(other, "open-chat.conversation.c", "one");
        stored.filter(|stored| stored["seq"].is_u64())
    });
    assert_eq!(
        cluster.ask_node(leader, "open-chat.conversation.d", "two"),
        None,
        "the isolated node acknowledges nothing"
    );
    cluster.rejoin(leader);
    cluster.until_current(STREAM);
    let its_place = json!({"seq": acknowledged["seq"]}).to_string();
    assert_eq!(
        cluster.ask("$JS.API.STREAM.MSG.GET.open-chat", &its_place)["message"]["data"],
        "b25l",
        "`one` is still there"
    );
}

/// For as long as this nothing comes where nothing should.
const SILENCE: Duration = Duration::from_millis(300);
/// A bound on hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client by hand, which hears the server line by line through the proxy.
struct Client(BufReader<TcpStream>);

#[derive(Debug, PartialEq)]
enum Heard {
    Line(String),
    Silence,
    /// The connection is closed.
    End,
}

impl Client {
    fn new(proxy: &Proxy) -> Self {
        Self(BufReader::new(TcpStream::connect(("127.0.0.1", proxy.port())).unwrap()))
    }

    fn send(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
    }

    fn sign_in(&mut self) {
        self.send(SIGN_IN);
        while self.line() != "PONG\r\n" {}
    }

    /// What comes within this time, but for pings: the server sends them when it likes.
    fn hear(&mut self, within: Duration) -> Heard {
        self.0.get_ref().set_read_timeout(Some(within)).unwrap();
        loop {
            let mut line = String::new();
            match self.0.read_line(&mut line) {
                Ok(0) => return Heard::End,
                Ok(_) if line == "PING\r\n" => {}
                Ok(_) => return Heard::Line(line),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Heard::Silence;
                }
                Err(_) => return Heard::End,
            }
        }
    }

    /// The next line, which is sure to come.
    fn line(&mut self) -> String {
        match self.hear(PATIENCE) {
            Heard::Line(line) => line,
            other => panic!("{other:?} in place of a line"),
        }
    }

    /// The body of the next message, which comes to this inbox.
    fn message(&mut self, inbox: &str) -> String {
        let line = self.line();
        assert!(line.starts_with(&format!("MSG {inbox} 7 ")), "{line}");
        self.line()
    }
}

const SIGN_IN: &str =
    "CONNECT {\"user\":\"open-chat\",\"pass\":\"password-of-open-chat-in-these-tests\",\"verbose\":false}\r\nPING\r\n";

#[test]
fn the_proxy_holds_drops_and_cuts_as_it_is_told() {
    let server = Server::start();
    let proxy = Proxy::start(server.port());
    let mut client = Client::new(&proxy);
    client.sign_in();

    proxy.set(Mode::Partition);
    client.send("PING\r\n");
    assert_eq!(client.hear(SILENCE), Heard::Silence);
    proxy.set(Mode::Pass);
    assert_eq!(client.line(), "PONG\r\n", "what was held arrives");

    proxy.set(Mode::Delay(Duration::from_millis(50)));
    client.send("PING\r\n");
    assert_eq!(client.line(), "PONG\r\n");

    proxy.set(Mode::Deaf);
    client.send("PING\r\n");
    assert_eq!(client.hear(SILENCE), Heard::Silence);
    proxy.set(Mode::Pass);
    assert_eq!(client.hear(PATIENCE), Heard::End, "a connection that lost bytes is not used on");

    let mut client = Client::new(&proxy);
    assert!(client.line().starts_with("INFO "));
    proxy.set(Mode::Cut);
    assert_eq!(client.hear(PATIENCE), Heard::End);
    assert_eq!(Client::new(&proxy).hear(PATIENCE), Heard::End, "new connections obey the mode");
}

#[test]
fn the_proxy_forges_acknowledgements_of_appends_that_never_arrive() {
    let server = Server::start();
    server.ask("$JS.API.STREAM.CREATE.open-chat", &stream(1));
    let proxy = Proxy::start(server.port());
    proxy.set(Mode::Forge);
    let mut client = Client::new(&proxy);
    client.sign_in();
    client.send("SUB _INBOX.a.* 7\r\nPUB open-chat.conversation.c _INBOX.a.1 3\r\none\r\n");
    assert!(client.message("_INBOX.a.1").contains("\"stream\":\"open-chat\""));
    client.send("HPUB open-chat.conversation.c _INBOX.a.2 12 15\r\nNATS/1.0\r\n\r\ntwo\r\n");
    assert!(client.message("_INBOX.a.2").contains("\"stream\":\"open-chat\""));
    assert_eq!(proxy.forged(), 2);
    client.send("PUB $JS.API.STREAM.INFO.open-chat _INBOX.a.3 0\r\n\r\n");
    assert!(client.message("_INBOX.a.3").contains("\"messages\":0"), "everything else reaches the server");
}
