//! Least privilege: each request that the log and the bus make is answered, and others are refused.

use serde_json::{Value, json};

use crate::nats::Server;

const STREAM: &str =
    r#"{"name":"open-chat","subjects":["open-chat.conversation.*"],"storage":"file","allow_direct":true}"#;

fn server_with_stream() -> Server {
    let server = Server::start();
    assert_eq!(server.ask("$JS.API.STREAM.CREATE.open-chat", STREAM)["config"]["name"], "open-chat");
    server
}

fn log_of_refusals(server: &Server) -> String {
    server.log().lines().filter(|line| line.contains("Violation")).collect::<Vec<_>>().join("\n")
}

#[test]
fn everything_that_the_log_asks_is_allowed() {
    let server = server_with_stream();
    assert_eq!(server.ask("open-chat.conversation.c", "{}")["seq"], 1);
    let consumer =
        json!({"stream_name": "open-chat", "config": {"name": "tail", "ack_policy": "none", "mem_storage": true}});
    let first = json!({"seq": 1}).to_string();
    for (subject, body) in [
        ("$JS.API.INFO", ""),
        ("$JS.API.STREAM.INFO.open-chat", "{}"),
        ("$JS.API.STREAM.MSG.GET.open-chat", &first),
        ("$JS.API.DIRECT.GET.open-chat", &first),
        ("$JS.API.DIRECT.GET.open-chat.open-chat.conversation.c", ""),
        ("$JS.API.CONSUMER.CREATE.open-chat.tail", &consumer.to_string()),
        ("$JS.API.CONSUMER.INFO.open-chat.tail", ""),
        ("$JS.API.CONSUMER.MSG.NEXT.open-chat.tail", "1"),
        ("$JS.API.CONSUMER.DELETE.open-chat.tail", ""),
        ("$JS.API.STREAM.MSG.DELETE.open-chat", &first),
    ] {
        assert_eq!(server.ask(subject, body)["error"], Value::Null, "{subject}");
    }
    assert_eq!(log_of_refusals(&server), "");
}

#[test]
fn what_would_change_or_empty_the_stream_is_refused() {
    let server = server_with_stream();
    server.ask("open-chat.conversation.c", "{}");
    let other = STREAM.replace("open-chat", "other");
    let refused = [
        ("$JS.API.STREAM.UPDATE.open-chat", STREAM),
        ("$JS.API.STREAM.PURGE.open-chat", "{}"),
        ("$JS.API.STREAM.DELETE.open-chat", ""),
        ("$JS.API.STREAM.CREATE.other", &other),
        ("$JS.API.STREAM.NAMES", "{}"),
        ("$SYS.REQ.SERVER.PING", ""),
        ("$SYS.REQ.SERVER.PING.CONNZ", ""),
        ("open-chat.conversation.c.d", "{}"),
        ("elsewhere", "{}"),
    ];
    for (subject, body) in refused {
        assert_eq!(server.try_ask(subject, body), None, "{subject}");
    }
    assert_eq!(log_of_refusals(&server).lines().count(), refused.len());
    assert_eq!(server.ask("$JS.API.STREAM.INFO.open-chat", "{}")["state"]["messages"], 1);
}

#[test]
fn the_application_learns_that_an_append_is_synced_before_it_is_acknowledged() {
    let answer = Server::start().ask("$SYS.REQ.SERVER.PING.JSZ", r#"{"config":true}"#);
    assert_eq!(answer["data"]["config"]["sync_always"], true);
}

#[test]
fn a_message_of_the_longest_answer_fits() {
    let server = server_with_stream();
    assert_eq!(server.ask("open-chat.conversation.c", &"x".repeat(8_000_000))["seq"], 1);
}
