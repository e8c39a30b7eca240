//! The dashboard's files, and what the server tells it about itself.

use reqwest::Method;
use reqwest::header::COOKIE;

use crate::session::sign_in;
use crate::support::{ADMIN_KEY, Options, Server, body_of};

#[tokio::test]
async fn every_address_of_the_dashboard_is_its_page_under_a_strict_policy() {
    let server = Server::demo();
    for path in ["/dashboard/", "/dashboard/overview", "/dashboard/conversations/x/audit", "/dashboard"] {
        let response = server.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "text/html; charset=utf-8");
        assert_eq!(header("x-frame-options"), "DENY");
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
        assert!(!policy.contains("'unsafe-"), "{policy}");
        assert!(!response.text().await.unwrap().contains(ADMIN_KEY));
    }
    assert_eq!(server.get("/dashboard/assets/nothing-here.js").await.status(), 404);
    assert_eq!(server.get("/dashboard/../../Cargo.toml").await.status(), 404);
}

#[tokio::test]
async fn the_preview_is_the_widget_as_asked_for_and_only_for_operators() {
    let server = Server::demo();
    let path = "/dashboard/preview?title=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E&position=left";
    assert_eq!(server.get(path).await.status(), 401);
    let cookie = sign_in(&server).await;
    let response = server.request(Method::GET, path).header(COOKIE, cookie).send().await.unwrap();
    assert_eq!(response.headers()["x-frame-options"], "SAMEORIGIN");
    let page = response.text().await.unwrap();
    assert!(
        page.contains(r#"data-position="left""#) && page.contains("data-title=\"&quot;&gt;&lt;script&gt;"),
        "{page}"
    );
    assert!(!page.contains("<script>") && !page.contains("data-theme"), "{page}");
}

#[tokio::test]
async fn the_system_tells_how_it_is_and_no_secret() {
    let secrets = [
        ("DASHBOARD_PASSWORD", "hunter2-hunter2"),
        ("OPENAI_API_KEY", "sk-very-secret"),
        ("ADMIN_API_KEY", "admin-secret"),
    ];
    let options = secrets.iter().fold(Options::default(), |options, (name, value)| options.var(name, value));
    let server = Server::start(options.var("SESSION_SECRET", "s".repeat(40)).var("SYSTEM_PROMPT", "Be kind"));
    let request = server.request(Method::GET, "/v1/admin/system").header("x-admin-api-key", "admin-secret");
    let (status, system) = body_of(request.send().await.unwrap()).await;
    assert_eq!(status, 200);
    assert_eq!(system["log"]["state"], "available");
    assert_eq!(
        (&system["assistant"]["kind"], &system["assistant"]["model"]),
        (&"openai".into(), &"gpt-4.1-mini".into())
    );
    assert_eq!(system["widgetKey"], "change-me-widget-key");
    let setting = |name: &str| {
        let settings = system["configuration"].as_array().unwrap();
        settings.iter().find(|setting| setting["name"] == name).unwrap_or_else(|| panic!("{name} is missing")).clone()
    };
    assert_eq!(
        (&setting("SYSTEM_PROMPT")["value"], &setting("SYSTEM_PROMPT")["source"]),
        (&"Be kind".into(), &"environment".into())
    );
    let text = system.to_string();
    for (name, secret) in secrets {
        assert_eq!(setting(name)["value"], "(set)");
        assert!(!text.contains(secret), "{name} is told");
    }
    assert!(!text.contains(&"s".repeat(40)));
}
