//! The admin routes: keys, shape, order, pages.

use reqwest::Method;
use serde_json::Value;

use crate::support::{ADMIN_KEY, Options, Server, WIDGET_KEY, body_of};

async fn get(server: &Server, path: &str, key: &str) -> (u16, Value) {
    body_of(server.request(Method::GET, path).header("x-admin-api-key", key).send().await.unwrap()).await
}

#[tokio::test]
async fn only_the_admin_key_gets_in_and_guesses_are_limited() {
    let server = Server::start(Options::default().var("RATE_LIMIT_MAX_REQUESTS", 3));
    for path in ["/v1/admin/conversations", "/v1/admin/conversations/00000000-0000-5000-8000-000000000000"] {
        assert_eq!(server.get(path).await.status(), 401);
    }
    for _ in 0..5 {
        assert_eq!(get(&server, "/v1/admin/conversations", ADMIN_KEY).await.0, 200, "good keys are not counted");
    }
    assert_eq!(get(&server, "/v1/admin/conversations", WIDGET_KEY).await.0, 401);
    let (status, body) = get(&server, "/v1/admin/conversations", "guess").await;
    assert_eq!((status, body["error"].as_str()), (429, Some("Too many requests")));
}

#[tokio::test]
async fn a_conversation_is_listed_and_read_with_the_contracts_fields() {
    let server = Server::demo();
    let (_, reply) = body_of(server.say("visitor", "hello there").await).await;
    let list = server.admin("/v1/admin/conversations").await;
    assert_eq!(list["total"], 1);
    assert_eq!(list["nextCursor"], Value::Null);
    let summary = &list["conversations"][0];
    assert_eq!(summary["_id"], reply["conversationId"]);
    assert_eq!(summary["sessionId"], "visitor");
    assert_eq!(summary["_creationTime"], summary["createdAt"]);
    assert!(summary["updatedAt"].as_u64().unwrap() >= summary["createdAt"].as_u64().unwrap());
    let answer = reply["message"].as_str().unwrap();
    assert_eq!(summary["lastMessage"].as_str().unwrap(), answer.chars().take(500).collect::<String>());

    let thread = server.admin(&format!("/v1/admin/conversations/{}", summary["_id"].as_str().unwrap())).await;
    assert_eq!(&thread["conversation"], summary);
    let messages = thread["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 2);
    for (message, role, content) in [(&messages[0], "user", "hello there"), (&messages[1], "assistant", answer)] {
        assert_eq!(message["role"], role);
        assert_eq!(message["content"], content);
        assert_eq!(message["conversationId"], summary["_id"]);
        assert_eq!(message["status"], "complete");
        assert_eq!(message["_creationTime"], message["createdAt"]);
        assert!(message["_id"].is_string());
    }
}

#[tokio::test]
async fn the_list_is_newest_first_and_pages_through_everything_once() {
    let server = Server::demo();
    let sessions: Vec<String> = (0..7).map(|n| format!("visitor-{n}")).collect();
    for session in &sessions {
        assert_eq!(server.say(session, "hi").await.status(), 200);
    }
    let mut seen = Vec::new();
    let mut path = "/v1/admin/conversations?limit=3".to_owned();
    loop {
        let page = server.admin(&path).await;
        assert_eq!(page["total"], 7);
        let conversations = page["conversations"].as_array().unwrap();
        assert!(conversations.len() <= 3);
        seen.extend(conversations.iter().map(|summary| summary["sessionId"].as_str().unwrap().to_owned()));
        match page["nextCursor"].as_str() {
            Some(cursor) => path = format!("/v1/admin/conversations?limit=3&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, sessions.into_iter().rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn bad_queries_and_ids_are_refused() {
    let server = Server::demo();
    for query in ["limit=0", "limit=201", "limit=-1", "limit=x", "limit=", "limit=1.5", "cursor=zzz", "q=search"] {
        let (status, body) = get(&server, &format!("/v1/admin/conversations?{query}"), ADMIN_KEY).await;
        assert_eq!((status, body["error"].as_str()), (400, Some("Invalid query parameters")), "{query}");
    }
    let (status, body) = get(&server, "/v1/admin/conversations/not-an-id", ADMIN_KEY).await;
    assert_eq!((status, body["error"].as_str()), (400, Some("Invalid conversationId")));
    let unknown = "/v1/admin/conversations/00000000-0000-5000-8000-000000000000";
    let (status, body) = get(&server, unknown, ADMIN_KEY).await;
    assert_eq!((status, body["error"].as_str()), (404, Some("Conversation not found")));
}

#[tokio::test]
async fn deleted_read_models_are_built_again_from_the_log() {
    let mut server = Server::demo();
    server.say("visitor", "hello").await;
    let before = server.thread("visitor").await;
    server.kill();
    std::fs::remove_dir_all(server.dir().join("data/read-models")).unwrap();
    server.restart();
    assert_eq!(server.thread("visitor").await, before);
    assert_eq!(before.len(), 2);
}

#[tokio::test]
async fn the_first_read_after_a_restart_sees_what_the_process_before_acknowledged() {
    const CONVERSATIONS: u64 = 150;
    let mut server = Server::start(Options::default().var("RATE_LIMIT_MAX_REQUESTS", 1000));
    server.say("oldest", "hi").await;
    server.admin("/v1/admin/conversations").await;
    server.kill();
    let (models, behind) = (server.dir().join("data/read-models"), server.dir().join("behind"));
    copy(&models, &behind);
    server.restart();
    let messages = (1..CONVERSATIONS).map(|number| {
        let server = &server;
        async move { assert_eq!(server.say(&format!("visitor-{number}"), "hi").await.status(), 200) }
    });
    futures_util::future::join_all(messages).await;
    for _ in 0..5 {
        server.kill();
        // Read models that are whole, but far behind the log, as a crash may leave them.
        std::fs::remove_dir_all(&models).unwrap();
        copy(&behind, &models);
        server.restart();
        assert_eq!(server.admin("/v1/admin/conversations?limit=1").await["total"], CONVERSATIONS);
    }
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}
