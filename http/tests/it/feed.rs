//! The live feed of the admin API.

use reqwest::{Method, Response};
use serde_json::Value;

use crate::support::{ADMIN_KEY, Server, Upstream, model};

/// A feed, read event by event; comments are passed over.
struct Feed {
    response: Response,
    buffer: String,
}

/// Name, id and data.
type Sent = (String, Option<String>, Value);

impl Feed {
    async fn open(server: &Server, query: &str, seen: Option<&str>) -> Self {
        let mut request =
            server.request(Method::GET, &format!("/v1/admin/events{query}")).header("x-admin-api-key", ADMIN_KEY);
        if let Some(seen) = seen {
            request = request.header("last-event-id", seen);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        let mut feed = Self { response, buffer: String::new() };
        let (name, id, _) = feed.next().await;
        assert_eq!(name, "opened");
        assert!(seen.is_none_or(|seen| id.as_deref() == Some(seen)), "it goes on from {id:?}");
        feed
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
