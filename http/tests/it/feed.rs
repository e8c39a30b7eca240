//! The live feed of the admin API.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::nats;
use crate::support::{ADMIN_KEY, Options, Server, Upstream, body_of, model};

/// A bound on hangs, not a measurement.
const PATIENCE: Duration = Duration::from_secs(60);

/// A feed, read event by event; comments are passed over.
struct Feed {
    response: Response,
    buffer: String,
}

/// Name, id and data.
type Sent = (String, Option<String>, Value);

async fn ask(server: &Server, query: &str, seen: Option<&str>) -> Response {
    let path = format!("/v1/admin/events{query}");
    let mut request = server.request(Method::GET, &path).header("x-admin-api-key", ADMIN_KEY);
    if let Some(seen) = seen {
        request = request.header("last-event-id", seen);
    }
    tokio::time::timeout(PATIENCE, request.send()).await.expect("the request hangs").unwrap()
}

impl Feed {
    async fn open(server: &Server, query: &str, seen: Option<&str>) -> Self {
        let (feed, from) = Self::of(ask(server, query, seen).await).await;
        assert!(seen.is_none_or(|seen| from == seen), "it goes on from {from}");
        feed
    }

    /// A feed and the place from which it follows.
    async fn of(response: Response) -> (Self, String) {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        let mut feed = Self { response, buffer: String::new() };
        let (name, id, _) = feed.next().await;
        assert_eq!(name, "opened");
        (feed, id.expect("it says from where it follows"))
    }

    async fn next(&mut self) -> Sent {
        loop {
            if let Some((event, rest)) = self.buffer.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.buffer = rest;
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                if let Some(name) = field("event: ") {
                    return (name, field("id: "), serde_json::from_str(&field("data: ").unwrap()).unwrap());
                }
                continue;
            }
            let chunk = self.response.chunk().await.unwrap().expect("the feed goes on");
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// Reads until a conversation has so many messages; the id of that event.
    async fn until(&mut self, session: &str, messages: u64) -> String {
        loop {
            let (name, id, data) = self.next().await;
            assert_eq!(name, "conversation");
            if data["sessionId"] == session && data["messages"] == messages {
                return id.expect("a change has an id");
            }
        }
    }
}

#[tokio::test]
async fn a_change_is_told_and_a_feed_goes_on_where_another_ended() {
    let mut server = Server::demo();
    let mut feed = Feed::open(&server, "", None).await;
    assert_eq!(server.say("first", "hello").await.status(), 200);
    let seen = feed.until("first", 2).await;
    drop(feed);
    assert_eq!(server.say("second", "hello").await.status(), 200);
    let mut again = Feed::open(&server, "", Some(&seen)).await;
    let (name, id, data) = again.next().await;
    assert_eq!(
        (name.as_str(), data["sessionId"].as_str()),
        ("conversation", Some("second")),
        "the first is not told again"
    );
    assert!(id.unwrap().parse::<u64>().unwrap() > seen.parse::<u64>().unwrap());
    drop(again);
    server.crash_and_restart();
    Feed::open(&server, "", Some(&seen)).await.until("second", 2).await;
    Feed::open(&server, &format!("?after={seen}"), None).await.until("second", 2).await;
}

#[tokio::test]
async fn an_erasure_is_told() {
    let server = Server::demo();
    assert_eq!(server.say("first", "hello").await.status(), 200);
    let mut feed = Feed::open(&server, "", None).await;
    let id = chat_schema::ConversationId::of(&"first".parse().unwrap()).to_string();
    let path = format!("/v1/admin/conversations/{id}/erase");
    let erased = server.request(Method::POST, &path).header("x-admin-api-key", ADMIN_KEY).send().await.unwrap();
    assert_eq!(erased.status(), 200);
    let (name, position, data) = feed.next().await;
    assert_eq!((name.as_str(), data["_id"].as_str(), position.is_some()), ("erased", Some(id.as_str()), true));
}

#[tokio::test]
async fn the_tokens_of_a_running_answer_are_sent_on_request_without_an_id() {
    let upstream = Upstream::start().await;
    let server = Server::start(model(&upstream.base_url()));
    let id = chat_schema::ConversationId::of(&"first".parse().unwrap()).to_string();
    let mut answer = upstream.speak();
    let stream = server.stream("first", "hello").await;
    answer.token("half ");
    let mut feed = Feed::open(&server, &format!("?conversation={id}"), None).await;
    let mut told = String::new();
    while told != "half done" {
        let (name, position, data) = feed.next().await;
        if name == "token" {
            assert_eq!((data["conversationId"].as_str(), position), (Some(id.as_str()), None));
            if told.is_empty() {
                answer.token("done");
            }
            told.push_str(data["token"].as_str().unwrap());
        }
    }
    answer.finish();
    assert_eq!(stream.answer().await, "half done");
    feed.until("first", 2).await;
}

#[tokio::test]
async fn an_id_that_is_none_is_refused() {
    let server = Server::demo();
    let request = server.request(Method::GET, "/v1/admin/events").header("x-admin-api-key", ADMIN_KEY);
    assert_eq!(request.header("last-event-id", "x").send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn feeds_are_limited_and_one_that_ends_makes_room() {
    let server = Server::demo();
    let mut feeds = Vec::new();
    let refused = loop {
        let response = ask(&server, "", None).await;
        if response.status() != 200 {
            break response;
        }
        feeds.push(response);
        assert!(feeds.len() <= 1000, "there is no limit");
    };
    assert!(refused.headers().contains_key("retry-after"));
    let (status, body) = body_of(refused).await;
    assert_eq!((status, body["code"].as_str()), (503, Some("overloaded")));
    assert_eq!(server.say("s", "hello").await.status(), 200, "visitors are not concerned");
    feeds.pop();
    let room = async { while ask(&server, "", None).await.status() != 200 {} };
    tokio::time::timeout(PATIENCE, room).await.expect("there is no room again");
}

#[tokio::test]
async fn a_feed_without_news_gets_comments() {
    let server = Server::demo();
    let Feed { mut response, buffer: mut comments } = Feed::open(&server, "", None).await;
    while comments.matches(": \n\n").count() < 2 {
        let chunk = tokio::time::timeout(PATIENCE, response.chunk()).await.expect("nothing comes").unwrap();
        comments.push_str(std::str::from_utf8(&chunk.expect("the feed goes on")).unwrap());
    }
    assert!(comments.split_terminator("\n\n").all(|comment| comment == ": "), "{comments:?}");
}

#[tokio::test]
async fn a_feed_ends_when_its_server_is_about_to_stop() {
    let mut server = Server::demo();
    let mut feed = Feed::open(&server, "", None).await;
    assert_eq!(server.say("first", "hello").await.status(), 200);
    feed.until("first", 2).await;
    server.terminate();
    let rest = async { while feed.response.chunk().await.expect("it ends in order").is_some() {} };
    tokio::time::timeout(PATIENCE, rest).await.expect("the feed goes on");
    assert!(server.wait().await.success());
}

#[tokio::test]
async fn an_id_from_beyond_the_end_of_the_log_is_as_none() {
    let server = Server::demo();
    assert_eq!(server.say("old", "hello").await.status(), 200);
    let (mut feed, from) = Feed::of(ask(&server, "", Some(&u64::MAX.to_string())).await).await;
    assert_ne!(from, u64::MAX.to_string());
    assert_eq!(server.say("new", "hello").await.status(), 200);
    let (name, _, data) = feed.next().await;
    assert_eq!((name.as_str(), data["sessionId"].as_str()), ("conversation", Some("new")));
    feed.until("new", 2).await;
}

/// The reader goes to the other replica after each change it was told, while the next one happens at either of them.
#[tokio::test]
async fn a_feed_that_hops_between_replicas_misses_nothing_and_is_told_nothing_twice() {
    let log = nats::Server::start();
    let start = || Server::start(Options::default().var("EVENT_LOG", log.url()));
    let replicas = [start(), start()];
    let mut seen = String::from("0");
    for round in 0..20 {
        let session = format!("s{round}");
        assert_eq!(replicas[round / 2 % 2].say(&session, "hello").await.status(), 200);
        let mut feed = Feed::open(&replicas[round % 2], "", Some(&seen)).await;
        loop {
            let (name, id, data) = feed.next().await;
            assert_eq!(name, "conversation");
            let id = id.expect("a change has an id");
            assert!(id.parse::<u64>().unwrap() > seen.parse::<u64>().unwrap(), "{id} after {seen}");
            seen = id;
            if data["sessionId"] == session {
                if data["messages"] == 2 {
                    break;
                }
                continue;
            }
            // The question of the one before was told when its answer was there too; the answer's own place comes after it.
            assert_eq!((&data["sessionId"], &data["messages"]), (&json!(format!("s{}", round - 1)), &json!(2)));
        }
    }
}
