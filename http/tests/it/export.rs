//! Exports, a conversation's events, and the record of who took what.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::{ADMIN_KEY, Server, Upstream, header, model};

const FORMULA: &str = "=HYPERLINK(\"http://example.com\",\"x\")";

async fn get(server: &Server, path: &str) -> Response {
    server.request(Method::GET, path).header("x-admin-api-key", ADMIN_KEY).send().await.unwrap()
}

async fn text(server: &Server, path: &str) -> String {
    let response = get(server, path).await;
    assert_eq!(response.status(), 200, "{path}");
    response.text().await.unwrap()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A server with a conversation that begins with a formula, and a later one; and the first one's id.
async fn server_with_a_formula(upstream: &Upstream) -> (Server, String) {
    let server = Server::start(model(&upstream.base_url()));
    for (session, message) in [("first", FORMULA), ("second", "hello")] {
        upstream.answer(&["fine, \"really\""]);
        assert_eq!(server.say(session, message).await.status(), 200);
    }
    let id = chat_schema::ConversationId::of(&"first".parse().unwrap()).to_string();
    (server, id)
}

#[tokio::test]
async fn a_conversation_is_exported_as_lines_and_as_a_table_without_formulas() {
    let upstream = Upstream::start().await;
    let (server, id) = server_with_a_formula(&upstream).await;
    let path = format!("/v1/admin/conversations/{id}/export");
    let response = get(&server, &path).await;
    assert_eq!(header(response.headers(), "content-type"), "application/x-ndjson; charset=utf-8");
    assert!(header(response.headers(), "content-disposition").contains(&format!("{id}.ndjson")));
    let events = lines(&response.text().await.unwrap());
    let said: Vec<_> = events.iter().map(|event| event["event"]["content"].as_str().unwrap()).collect();
    assert_eq!(said, [FORMULA, "fine, \"really\""]);
    assert!(events.iter().all(|event| event["conversationId"] == id.as_str()));

    let response = get(&server, &format!("{path}?format=csv")).await;
    assert!(header(response.headers(), "content-type").starts_with("text/csv"));
    let table = response.bytes().await.unwrap();
    let mut reader = csv::Reader::from_reader(&*table);
    let content = reader.headers().unwrap().iter().position(|name| name == "content").unwrap();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!((&rows[0][content], &rows[1][content]), (&*format!("'{FORMULA}"), "fine, \"really\""));
    assert!(rows.iter().flatten().all(|cell| !cell.starts_with(['=', '+', '-', '@'])), "{rows:?}");

    for (path, status) in [
        (format!("{path}?format=xml"), 400),
        ("/v1/admin/conversations/nothing/export".into(), 400),
        ("/v1/admin/conversations/00000000-0000-5000-8000-000000000000/export".into(), 404),
        ("/v1/admin/export?from=yesterday".into(), 400),
    ] {
        assert_eq!(get(&server, &path).await.status(), status, "{path}");
    }
}

#[tokio::test]
async fn a_time_is_exported_and_nothing_else_and_who_did_it_is_listed() {
    let upstream = Upstream::start().await;
    let (server, id) = server_with_a_formula(&upstream).await;
    let all = lines(&text(&server, "/v1/admin/export").await);
    assert_eq!(all.len(), 4, "what operators did is not in it");
    let begin = all[2]["recordedAt"].as_u64().unwrap();
    let before = all.iter().filter(|event| event["recordedAt"].as_u64().unwrap() < begin).count();
    assert_eq!(lines(&text(&server, &format!("/v1/admin/export?to={begin}")).await).len(), before);
    assert_eq!(lines(&text(&server, &format!("/v1/admin/export?from={begin}")).await).len(), 4 - before);
    assert_eq!(text(&server, "/v1/admin/export?to=2001-01-01T00:00:00Z").await, "");
    let table = text(&server, "/v1/admin/export?format=csv").await;
    assert_eq!(csv::Reader::from_reader(table.as_bytes()).records().map(Result::unwrap).count(), 4);
    text(&server, &format!("/v1/admin/conversations/{id}/export")).await;

    let page = server.admin("/v1/admin/operators/events?limit=2").await;
    let events = page["events"].as_array().unwrap();
    assert_eq!(events.len(), 2);
    let newest =
        json!({"type": "ConversationsExported", "conversation": id, "from": null, "to": null, "format": "ndjson"});
    assert_eq!((&events[0]["operator"], &events[0]["act"]), (&json!("admin-key"), &newest));
    assert_eq!(events[1]["act"]["format"], "csv");
    let rest = format!("/v1/admin/operators/events?cursor={}", page["nextCursor"].as_str().unwrap());
    let rest = server.admin(&rest).await;
    assert_eq!((rest["events"].as_array().unwrap().len(), &rest["nextCursor"]), (4, &Value::Null));
    assert_eq!(rest["events"][2]["act"]["to"], begin);
}

#[tokio::test]
async fn a_conversations_events_are_read_as_stored_and_its_thread_as_it_was() {
    let upstream = Upstream::start().await;
    let (server, id) = server_with_a_formula(&upstream).await;
    let path = format!("/v1/admin/conversations/{id}/events");
    let now = server.admin(&path).await;
    let events = now["events"].as_array().unwrap();
    assert_eq!((events.len(), now.get("thread")), (2, None));
    for (version, event) in (1..).zip(events) {
        assert_eq!((&event["version"], &event["verified"]), (&json!(version), &json!(true)));
        assert_eq!(event["hash"].as_str().unwrap().len(), 64);
    }
    let exported = lines(&text(&server, &format!("/v1/admin/conversations/{id}/export")).await);
    assert_eq!(exported[1]["hash"], events[1]["hash"]);
    let stored: Value = serde_json::from_str(events[0]["bytes"].as_str().unwrap()).unwrap();
    assert_eq!(stored["event"]["content"], FORMULA);

    let then = server.admin(&format!("{path}?at=1")).await;
    assert_eq!(then["events"].as_array().unwrap(), &events[..1]);
    assert_eq!(then["thread"]["messages"].as_array().unwrap().len(), 1);
    assert_eq!(then["thread"]["messages"][0]["content"], FORMULA);
    let whole = server.admin(&format!("/v1/admin/conversations/{id}")).await;
    assert_eq!(server.admin(&format!("{path}?at=2")).await["thread"]["messages"], whole["messages"]);
    for (query, status) in [("?at=0", 400), ("?at=x", 400)] {
        assert_eq!(get(&server, &format!("{path}{query}")).await.status(), status, "{query}");
    }
}
