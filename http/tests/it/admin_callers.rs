//! Every admin route, as the API document lists them, with every kind of caller.

use reqwest::Method;
use serde_json::json;

use crate::session::sign_in;
use crate::support::{ADMIN_KEY, Options, Server, WIDGET_KEY, body_of};

/// Its own tests are in `session.rs`: it is where callers become ones with a session.
const SESSION: &str = "/v1/admin/session";
const UNKNOWN: &str = "00000000-0000-5000-8000-000000000000";

#[tokio::test]
async fn a_key_may_be_changed_while_the_old_one_still_counts() {
    let keys =
        Options::default().var("WIDGET_API_KEY", "new-widget, old-widget").var("ADMIN_API_KEY", "new-admin,old-admin");
    let server = Server::start(keys);
    for (key, status) in [("new", 200), ("old", 200), ("new-widget, old", 401), ("", 401)] {
        let chat = server.request(Method::POST, "/v1/chat").header("x-api-key", format!("{key}-widget"));
        let chat = chat.json(&json!({"sessionId": "s", "message": "hi"})).send().await.unwrap();
        let list =
            server.request(Method::GET, "/v1/admin/conversations").header("x-admin-api-key", format!("{key}-admin"));
        let list = list.send().await.unwrap();
        assert_eq!((chat.status().as_u16(), list.status().as_u16()), (status, status), "{key}");
    }
}

#[tokio::test]
async fn no_admin_route_answers_a_caller_without_the_admin_key() {
    let server = Server::start(Options::default().var("RATE_LIMIT_MAX_REQUESTS", 100_000));
    let (_, document) = body_of(server.get("/v1/openapi.json").await).await;
    let (session, signed_out) = (sign_in(&server).await, sign_in(&server).await);
    let out = server.request(Method::DELETE, SESSION).header("cookie", &signed_out).send().await.unwrap();
    assert_eq!(out.status(), 204);
    let forged = format!("{session}x");
    let paths = document["paths"].as_object().unwrap();
    let mut routes = 0;
    for (path, item) in paths.iter().filter(|(path, _)| path.starts_with("/v1/admin/") && *path != SESSION) {
        for (method, operation) in item.as_object().unwrap() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            let guards = json!([{"AdminKey": []}, {"Session": []}]);
            assert_eq!(operation["security"], guards, "{method} {path} is documented as guarded");
            let path = path.replace("{conversationId}", UNKNOWN);
            assert!(!path.contains('{'), "say what stands for the parameter of {path}");
            let callers =
                [("", ""), ("x-admin-api-key", ""), ("x-admin-api-key", "wrong"), ("x-admin-api-key", WIDGET_KEY)];
            let widgets = [("x-api-key", WIDGET_KEY), ("x-api-key", ADMIN_KEY), ("x-widget-api-key", WIDGET_KEY)];
            let cookies = [("cookie", forged.as_str()), ("cookie", &signed_out), ("cookie", "open-chat-session=1")];
            for (name, key) in callers.into_iter().chain(widgets).chain(cookies) {
                let mut request = server.request(method.clone(), &path);
                if !name.is_empty() {
                    request = request.header(name, key);
                }
                let (status, body) = body_of(request.send().await.unwrap()).await;
                assert_eq!(
                    (status, body["error"].as_str()),
                    (401, Some("Unauthorized")),
                    "{method} {path}, {name}: {key}"
                );
            }
            for (name, site) in [("sec-fetch-site", "cross-site"), ("origin", "https://elsewhere.example")] {
                let request = server.request(method.clone(), &path).header("cookie", &session).header(name, site);
                let status = request.send().await.unwrap().status();
                assert_eq!(status, 403, "{method} {path}, a session that a page of {site} sends");
            }
            for (name, key) in [("x-admin-api-key", ADMIN_KEY), ("cookie", &session)] {
                let status = server.request(method.clone(), &path).header(name, key).send().await.unwrap().status();
                assert!([200, 404, 503].contains(&status.as_u16()), "{method} {path} lets {name} in: {status}");
            }
            routes += 1;
        }
    }
    assert!(routes >= 9, "only {routes} admin routes are documented");
}
