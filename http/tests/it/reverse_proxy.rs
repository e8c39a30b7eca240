//! The server behind the proxy of `deploy/proxy/nginx.conf`.

use reqwest::{Client, RequestBuilder};
use serde_json::json;

use crate::support::{Options, ReverseProxy, Server, Stream, Upstream, WIDGET_KEY, model};

/// A server that believes its proxy, and the proxy.
fn behind(options: Options) -> (Server, ReverseProxy) {
    let server = Server::start(options.var("TRUSTED_PROXIES", "127.0.0.1/32"));
    let proxy = ReverseProxy::start(&[&server.url]);
    (server, proxy)
}

/// A visitor whom the proxy sees at this address.
fn visitor(proxy: &ReverseProxy, address: [u8; 4]) -> Client {
    proxy.client().local_address(std::net::IpAddr::from(address)).build().unwrap()
}

fn say(proxy: &ReverseProxy, visitor: &Client, session: &str) -> RequestBuilder {
    let body = json!({"sessionId": session, "message": "hi"});
    visitor.post(format!("{}/v1/chat/stream", proxy.url())).header("x-api-key", WIDGET_KEY).json(&body)
}

async fn status(request: RequestBuilder) -> u16 {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    response.bytes().await.unwrap();
    status
}

#[tokio::test]
async fn each_visitor_behind_a_proxy_has_limits_of_its_own_and_a_forged_address_is_not_believed() {
    if !ReverseProxy::is_there() {
        return;
    }
    let (_server, proxy) = behind(Options::default().var("RATE_LIMIT_MAX_REQUESTS", 2));
    let (one, other) = (visitor(&proxy, [127, 0, 0, 2]), visitor(&proxy, [127, 0, 0, 3]));
    for _ in 0..2 {
        assert_eq!(status(say(&proxy, &one, "one")).await, 200);
    }
    assert_eq!(status(say(&proxy, &one, "one")).await, 429);
    for forged in ["127.0.0.3", "203.0.113.7", "203.0.113.7, 127.0.0.1", "127.0.0.1"] {
        let request = say(&proxy, &one, "one").header("x-forwarded-for", forged);
        assert_eq!(status(request).await, 429, "{forged} is believed");
    }
    for _ in 0..2 {
        assert_eq!(status(say(&proxy, &other, "other")).await, 200, "another visitor is counted too");
    }
    assert_eq!(status(say(&proxy, &other, "other")).await, 429);
}

#[tokio::test]
async fn each_word_passes_the_proxy_when_it_comes() {
    if !ReverseProxy::is_there() {
        return;
    }
    let upstream = Upstream::start().await;
    let (_server, proxy) = behind(model(&upstream.base_url()));
    let mut answer = upstream.speak();
    let client = visitor(&proxy, [127, 0, 0, 2]);
    let mut stream = Stream::new(say(&proxy, &client, "s").send().await.unwrap());
    assert_eq!(stream.next().await.unwrap(), "start");
    for word in ["one ", "two "] {
        answer.token(word);
        assert_eq!(stream.next().await.unwrap(), format!("token {word}"));
    }
    answer.finish();
    assert_eq!(stream.rest().await, ["done one two "]);
}

#[tokio::test]
async fn a_running_answer_stays_with_a_server_that_gets_no_more_visitors() {
    if !ReverseProxy::is_there() {
        return;
    }
    let upstream = Upstream::start().await;
    let (leaving, mut proxy) = behind(model(&upstream.base_url()));
    let mut answer = upstream.speak();
    let client = visitor(&proxy, [127, 0, 0, 2]);
    let mut stream = Stream::new(say(&proxy, &client, "s").send().await.unwrap());
    assert_eq!(stream.next().await.unwrap(), "start");

    let staying = Server::demo();
    proxy.send_to(&[&staying.url]);
    assert_eq!(status(say(&proxy, &client, "new")).await, 200);
    assert_eq!((leaving.thread("new").await.len(), staying.thread("new").await.len()), (0, 2));
    answer.token("one");
    answer.finish();
    assert_eq!(stream.rest().await, ["token one", "done one"]);
}
