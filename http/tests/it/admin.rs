//! The admin routes: keys, shape, order, pages.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ADMIN_KEY, Options, Server, Upstream, WIDGET_KEY, body_of, model};

async fn get(server: &Server, path: &str, key: &str) -> (u16, Value) {
    body_of(server.request(Method::GET, path).header("x-admin-api-key", key).send().await.unwrap()).await
}

#[tokio::test]
async fn only_the_admin_key_gets_in_and_guesses_are_limited() {
    let server = Server::start(Options::default().var("RATE_LIMIT_MAX_REQUESTS", 4));
    for path in [
        "/v1/admin/conversations",
        "/v1/admin/conversations/00000000-0000-5000-8000-000000000000",
        "/v1/admin/statistics",
    ] {
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

fn sessions(page: &Value) -> Vec<&str> {
    let conversations = page["conversations"].as_array().unwrap();
    conversations.iter().map(|summary| summary["sessionId"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn messages_are_searched_and_shown_in_parts_with_what_was_found() {
    let upstream = Upstream::start().await;
    let server = Server::start(model(&upstream.base_url()));
    for (session, message) in
        [("first", "Où est mon colis?"), ("second", "<b>Hello</b> there"), ("third", "mon COLIS!")]
    {
        upstream.answer(&["fine"]);
        assert_eq!(server.say(session, message).await.status(), 200);
    }
    let found = server.admin("/v1/admin/conversations?q=mon%20coli").await;
    assert_eq!(sessions(&found), ["third", "first"]);
    assert_eq!(
        (&found["total"], &found["nextCursor"], found.get("totalIsLowerBound")),
        (&json!(2), &Value::Null, None)
    );
    let snippet = &found["conversations"][1]["snippet"];
    assert_eq!(snippet["role"], "user");
    let parts = snippet["parts"].as_array().unwrap();
    let hits: Vec<_> =
        parts.iter().filter(|part| part["hit"] == true).map(|part| part["text"].as_str().unwrap()).collect();
    assert_eq!(hits, ["mon", "colis"]);
    let text: String = parts.iter().map(|part| part["text"].as_str().unwrap()).collect();
    assert_eq!(text, "Où est mon colis?");

    let first = server.admin("/v1/admin/conversations?q=mon%20coli&limit=1").await;
    assert_eq!((sessions(&first), &first["totalIsLowerBound"]), (vec!["third"], &json!(true)));
    let rest = format!("/v1/admin/conversations?q=mon%20coli&limit=1&cursor={}", first["nextCursor"].as_str().unwrap());
    assert_eq!(sessions(&server.admin(&rest).await), ["first"]);

    let markup = server.admin("/v1/admin/conversations?q=%3Cb%3Ehello").await;
    assert_eq!(
        markup["conversations"][0]["snippet"]["parts"].as_array().unwrap().len(),
        5,
        "b and hello, each hit a part"
    );
    for nothing in ["q=absent", "q=%22*%22", "q=mon%20hello", "q=mon%20coli&failed=true", "q=mon%20coli&minMessages=3"]
    {
        let found = server.admin(&format!("/v1/admin/conversations?{nothing}")).await;
        assert_eq!((sessions(&found), &found["total"]), (vec![], &json!(0)), "{nothing}");
    }
    assert_eq!(server.admin("/v1/admin/conversations?q=").await["total"], 3, "no search at all");
    let thread =
        server.admin(&format!("/v1/admin/conversations/{}", found["conversations"][1]["_id"].as_str().unwrap())).await;
    assert_eq!(thread["messages"][0]["_id"], snippet["messageId"]);
}

#[tokio::test]
async fn the_list_is_filtered_by_time_failure_and_length() {
    let upstream = Upstream::start().await;
    let server = Server::start(model(&upstream.base_url()));
    upstream.answer(&["fine"]);
    assert_eq!(server.say("answered", "hello").await.status(), 200);
    upstream.fail(400);
    assert_eq!(server.say("failed", "hello").await.status(), 500);
    for message in ["hello", "again"] {
        upstream.answer(&["fine", " too"]);
        assert_eq!(server.say("long", message).await.status(), 200);
    }
    let list = async |query: &str| server.admin(&format!("/v1/admin/conversations?{query}")).await;
    let all = list("").await;
    assert_eq!(sessions(&all), ["long", "failed", "answered"]);
    let summaries = all["conversations"].as_array().unwrap();
    let shown: Vec<_> =
        summaries.iter().map(|summary| (summary["messages"].as_u64(), summary["failed"].as_bool())).collect();
    assert_eq!(shown, [(Some(4), Some(false)), (Some(1), Some(true)), (Some(2), Some(false))]);
    let updated = |n: usize| summaries[n]["updatedAt"].as_u64().unwrap();

    assert_eq!(sessions(&list("failed=true").await), ["failed"]);
    assert_eq!(sessions(&list("failed=false&minMessages=3").await), ["long"]);
    assert_eq!(sessions(&list(&format!("to={}", updated(0))).await), ["failed", "answered"]);
    let both = list(&format!("from={}&to={}", updated(1), updated(0))).await;
    assert_eq!((sessions(&both), &both["total"]), (vec!["failed"], &json!(1)));
    let first = list("minMessages=2&limit=1").await;
    assert_eq!((sessions(&first), &first["total"]), (vec!["long"], &json!(2)));
    let rest = list(&format!("minMessages=2&limit=1&cursor={}", first["nextCursor"].as_str().unwrap())).await;
    assert_eq!((sessions(&rest), &rest["nextCursor"]), (vec!["answered"], &Value::Null));
}

#[tokio::test]
async fn a_thread_is_read_in_pages_when_asked() {
    let server = Server::demo();
    for n in 0..3 {
        assert_eq!(server.say("visitor", &format!("question {n}")).await.status(), 200);
    }
    let id = server.admin("/v1/admin/conversations").await["conversations"][0]["_id"].as_str().unwrap().to_owned();
    let whole = server.admin(&format!("/v1/admin/conversations/{id}")).await;
    assert_eq!((whole["messages"].as_array().unwrap().len(), whole.get("nextCursor")), (6, None));
    let first = server.admin(&format!("/v1/admin/conversations/{id}?limit=4")).await;
    let cursor = first["nextCursor"].as_str().unwrap();
    let rest = server.admin(&format!("/v1/admin/conversations/{id}?limit=4&cursor={cursor}")).await;
    assert_eq!(rest.get("nextCursor"), None);
    let messages = |page: &Value| page["messages"].as_array().unwrap().clone();
    assert_eq!([messages(&first), messages(&rest)].concat(), messages(&whole));
}

#[tokio::test]
async fn statistics_count_what_was_said_by_hour_and_day() {
    let upstream = Upstream::start().await;
    let server = Server::start(model(&upstream.base_url()));
    upstream.answer(&["fine"]);
    assert_eq!(server.say("one", "hello").await.status(), 200);
    upstream.fail(400);
    assert_eq!(server.say("two", "hello").await.status(), 500);
    for (query, steps) in [("", 30..=31), ("?by=day", 30..=31), ("?by=hour", 48..=49)] {
        let statistics = server.admin(&format!("/v1/admin/statistics{query}")).await;
        let total = &statistics["total"];
        assert_eq!((&total["conversations"], &total["messages"], &total["answers"]), (&json!(2), &json!(3), &json!(1)));
        assert_eq!(total["failures"], json!({"unavailable": 1}));
        assert_eq!(total["answerTime"]["count"], 1);
        assert!(total["timeToFirstToken"]["p50"].is_u64());
        let all = statistics["steps"].as_array().unwrap();
        assert!(steps.contains(&all.len()), "{query}: {} steps", all.len());
        assert_eq!(all.last().unwrap()["messages"], 3);
        assert_eq!(all[0]["answerTime"], Value::Null);
    }
    let past = server.admin("/v1/admin/statistics?from=0&to=1&by=hour").await;
    assert_eq!((past["steps"].as_array().unwrap().len(), &past["total"]["messages"]), (1, &json!(0)));
    let hour = 3_600_000;
    let of_a_reader = format!("/v1/admin/statistics?from={}&to={}&by=day&offset=-480", 50 * hour, 50 * hour + 1);
    let day = server.admin(&of_a_reader).await;
    assert_eq!((&day["from"], &day["to"]), (&json!(32 * hour), &json!(56 * hour)), "a day of California");
}

#[tokio::test]
async fn bad_queries_and_ids_are_refused() {
    let server = Server::demo();
    let list = [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=x",
        "limit=",
        "limit=1.5",
        "cursor=zzz",
        "cursor=q5",
        "from=x",
        "to=-1",
    ];
    let list = list
        .into_iter()
        .chain(["failed=perhaps", "minMessages=-1", "minMessages=x", "q=a&cursor=zzz"])
        .map(str::to_owned);
    let list = list.chain([format!("q={}", "x".repeat(201)), format!("q=a&cursor=1.{}", uuid::Uuid::nil())]);
    let queries = list.map(|query| format!("conversations?{query}"));
    let statistics = [
        "by=week",
        "from=5&to=5",
        "from=6&to=5",
        "from=x",
        "by=hour&from=0&to=2678400001",
        "from=0&to=31622400001",
        "offset=1081",
        "offset=x",
    ];
    let queries = queries.chain(statistics.into_iter().map(|query| format!("statistics?{query}")));
    let thread = ["limit=0", "limit=201", "cursor=zzz", "cursor=q1"].into_iter();
    let queries =
        queries.chain(thread.map(|query| format!("conversations/00000000-0000-5000-8000-000000000000?{query}")));
    for query in queries {
        let (status, body) = get(&server, &format!("/v1/admin/{query}"), ADMIN_KEY).await;
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
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let asked = Instant::now();
            let total = server.admin("/v1/admin/conversations?limit=1").await["total"].clone();
            if total == CONVERSATIONS {
                break;
            }
            // Only a read that has waited for its second answers with what is there.
            assert!(asked.elapsed() >= Duration::from_secs(1) && asked < deadline, "{total} conversations");
        }
    }
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}
