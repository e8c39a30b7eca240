//! Signing in at the dashboard: who gets a session, and what ends it.

use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::json;

use crate::nats;
use crate::support::{ADMIN_KEY, Options, Server, body_of};

const PASSWORD: &str = "change-me-admin-password";
const SECRET: &str = "a secret of at least 32 characters: one";
const OTHER_SECRET: &str = "a secret of at least 32 characters: two";
const LIST: &str = "/v1/admin/conversations";
const SESSION: &str = "/v1/admin/session";

fn attempt(server: &Server, password: &str) -> RequestBuilder {
    server.request(Method::POST, SESSION).json(&json!({"password": password}))
}

/// The `name=value` of the cookie that a response sets.
fn cookie_of(response: &Response) -> String {
    let cookie = response.headers()[SET_COOKIE].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// Signs in; the cookie.
pub async fn sign_in(server: &Server) -> String {
    let response = attempt(server, PASSWORD).send().await.unwrap();
    assert_eq!(response.status(), 200);
    cookie_of(&response)
}

async fn status(server: &Server, method: Method, path: &str, cookie: &str) -> u16 {
    server.request(method, path).header(COOKIE, cookie).send().await.unwrap().status().as_u16()
}

async fn reads(server: &Server, cookie: &str) -> u16 {
    status(server, Method::GET, "/v1/admin/operators/events", cookie).await
}

fn with_secrets(secrets: &str) -> Options {
    Options::default().var("SESSION_SECRET", secrets)
}

#[tokio::test]
async fn a_session_is_a_cookie_no_script_and_no_other_site_can_use() {
    let server = Server::demo();
    let response = attempt(&server, PASSWORD).send().await.unwrap();
    let cookie = response.headers()[SET_COOKIE].to_str().unwrap().to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
        assert!(cookie.contains(part), "{part} is not in {cookie}");
    }
    assert!(!cookie.contains("Secure"), "a browser would not keep it on http");
    let session = cookie_of(&response);
    let (status, body) = body_of(response).await;
    assert_eq!(status, 200);
    let (_, asked) = body_of(server.request(Method::GET, SESSION).header(COOKIE, session).send().await.unwrap()).await;
    assert_eq!(asked, body);
    assert!(asked["expiresAt"].as_u64().unwrap() > 1_700_000_000_000, "{asked}");
}

#[tokio::test]
async fn over_https_the_cookie_is_secure_and_bound_to_the_host() {
    let server = Server::start(Options::default().var("PUBLIC_URL", "https://chat.example.com"));
    let response = attempt(&server, PASSWORD).send().await.unwrap();
    let cookie = response.headers()[SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-") && cookie.contains("; Secure"), "{cookie}");
}

#[tokio::test]
async fn another_password_and_no_password_get_no_session() {
    let server = Server::demo();
    for wrong in ["", "change-me-admin-passwor", "change-me-admin-password ", "CHANGE-ME-ADMIN-PASSWORD"] {
        let response = attempt(&server, wrong).send().await.unwrap();
        assert!(response.headers().get(SET_COOKIE).is_none());
        assert_eq!(body_of(response).await.0, 401, "{wrong:?}");
    }
    for body in ["{}", "[]", r#"{"password":1}"#, "x"] {
        let request = server.request(Method::POST, SESSION).header("content-type", "application/json").body(body);
        assert_eq!(request.send().await.unwrap().status(), 400, "{body}");
    }
    let form = server.request(Method::POST, SESSION).body(format!("password={PASSWORD}"));
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(form.send().await.unwrap().status(), 415, "a form of another site can be sent without asking");
}

#[tokio::test]
async fn what_was_tried_is_recorded_and_guessing_ends_whatever_address_is_claimed() {
    let server = Server::demo();
    let mut refused = 0;
    for guess in 0..14 {
        let claimed = format!("203.0.113.{guess}");
        let request = attempt(&server, &format!("guess {guess}")).header("x-forwarded-for", claimed);
        let response = request.send().await.unwrap();
        if response.status() == 429 {
            let wait = response.headers()["retry-after"].to_str().unwrap().parse::<u32>().unwrap();
            assert!((1..=900).contains(&wait), "{wait}");
            refused += 1;
        }
    }
    assert_eq!(refused, 4);
    assert_eq!(attempt(&server, PASSWORD).send().await.unwrap().status(), 429, "the right one has to wait as well");
    let acts = server.admin("/v1/admin/operators/events").await;
    let acts: Vec<_> = acts["events"].as_array().unwrap().iter().map(|event| event["act"]["type"].clone()).collect();
    assert_eq!(acts, vec![json!("SignInRefused"); 10], "what the limit refuses must not fill the log");
}

#[tokio::test]
async fn right_passwords_are_not_counted_and_are_recorded() {
    let server = Server::demo();
    for _ in 0..12 {
        sign_in(&server).await;
    }
    let acts = server.admin("/v1/admin/operators/events").await;
    let first = &acts["events"][0];
    assert_eq!((&first["operator"], &first["act"]["type"]), (&json!("dashboard"), &json!("SignedIn")));
}

#[tokio::test]
async fn a_cookie_copied_before_signing_out_is_worth_nothing_after_it_nor_after_a_restart() {
    let mut server = Server::start(with_secrets(SECRET));
    let (cookie, other) = (sign_in(&server).await, sign_in(&server).await);
    assert_eq!(reads(&server, &cookie).await, 200);
    let out = server.request(Method::DELETE, SESSION).header(COOKIE, &cookie).send().await.unwrap();
    assert_eq!(out.status(), 204);
    let removal = out.headers()[SET_COOKIE].to_str().unwrap();
    assert!(removal.contains("Max-Age=0") && removal.contains("HttpOnly"), "{removal}");
    assert_eq!(reads(&server, &cookie).await, 401);
    assert_eq!(reads(&server, &other).await, 200, "another sign-in goes on");
    assert_eq!(status(&server, Method::DELETE, SESSION, &cookie).await, 401);
    server.crash_and_restart();
    assert_eq!(reads(&server, &cookie).await, 401);
    assert_eq!(reads(&server, &other).await, 200);
}

#[tokio::test]
async fn forged_cut_and_foreign_cookies_are_refused() {
    let (server, foreign) = (Server::start(with_secrets(SECRET)), Server::start(with_secrets(OTHER_SECRET)));
    let good = sign_in(&server).await;
    let (name, value) = good.split_once('=').unwrap();
    let (cut, doubled) = (&value[..value.len() / 2], format!("{value}{value}"));
    for forged in ["", "1", "admin", "%00", cut, &doubled, &value.to_lowercase()] {
        assert_eq!(reads(&server, &format!("{name}={forged}")).await, 401, "{forged}");
    }
    assert_eq!(reads(&server, &sign_in(&foreign).await).await, 401);
    assert_eq!(reads(&server, &good).await, 200);
}

/// Starts a server on the data of one that has ended.
fn on_the_data_of(server: &Server, options: Options) -> Server {
    let data = server.dir().join("data");
    Server::start(options.var("EVENT_LOG", format!("embedded:{}", data.display())))
}

#[tokio::test]
async fn a_session_ends_with_another_password_and_outlives_a_rotated_secret() {
    let mut server = Server::start(with_secrets(SECRET).var("EVENT_LOG", "embedded:./data"));
    let cookie = sign_in(&server).await;
    server.kill();
    let rotated = on_the_data_of(&server, with_secrets(&format!("{OTHER_SECRET},{SECRET}")));
    assert_eq!(reads(&rotated, &cookie).await, 200);
    drop(rotated);
    let changed = on_the_data_of(&server, with_secrets(SECRET).var("DASHBOARD_PASSWORD", "another password"));
    assert_eq!(reads(&changed, &cookie).await, 401);
    drop(changed);
    let dropped = on_the_data_of(&server, with_secrets(OTHER_SECRET));
    assert_eq!(reads(&dropped, &cookie).await, 401);
}

#[tokio::test]
async fn without_a_configured_secret_the_one_beside_the_embedded_log_outlives_a_restart() {
    let mut server = Server::start(Options::default().var("EVENT_LOG", "embedded:./data"));
    let cookie = sign_in(&server).await;
    server.crash_and_restart();
    assert_eq!(reads(&server, &cookie).await, 200);
    let secret = std::fs::read_to_string(server.dir().join("data/session-secret")).unwrap();
    assert!(!server.log().contains(&secret) && !server.log().contains(PASSWORD));
}

#[tokio::test]
async fn a_sign_out_holds_on_every_replica_and_so_does_a_sign_in() {
    let log = nats::Server::start();
    let start = || Server::start(with_secrets(SECRET).var("EVENT_LOG", log.url()));
    let (one, other) = (start(), start());
    let cookie = sign_in(&one).await;
    assert_eq!(reads(&other, &cookie).await, 200);
    assert_eq!(status(&one, Method::DELETE, SESSION, &cookie).await, 204);
    assert_eq!(reads(&one, &cookie).await, 401);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while reads(&other, &cookie).await != 401 {
        assert!(std::time::Instant::now() < deadline, "the other replica does not hear of the sign-out");
    }
    assert_eq!(reads(&start(), &cookie).await, 401, "a replica that starts later knows as well");
}

#[tokio::test]
async fn a_shared_log_without_a_secret_turns_the_dashboard_off_and_nothing_else() {
    let log = nats::Server::start();
    let server = Server::start(Options::default().var("EVENT_LOG", log.url()));
    let (status, body) = body_of(attempt(&server, PASSWORD).send().await.unwrap()).await;
    assert_eq!((status, body["code"].as_str()), (503, Some("dashboard-off")));
    assert!(server.log().contains("SESSION_SECRET"), "the log says how to turn it on");
    assert_eq!(server.say("s", "hello").await.status(), 200);
    let page = server.get("/dashboard/").await.text().await.unwrap();
    assert!(page.contains("SESSION_SECRET"), "{page}");
}

#[tokio::test]
async fn a_session_is_of_no_use_to_pages_of_other_sites() {
    let server = Server::start(Options::default().var("CORS_ORIGIN", "https://shop.example"));
    let cookie = sign_in(&server).await;
    let own = server.url.replace("127.0.0.1", "localhost");
    let forged =
        [("origin", "https://shop.example"), ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site")];
    let (erase, unknown) = ("/erase", "00000000-0000-5000-8000-000000000000");
    let calls = [
        (Method::GET, LIST.to_owned()),
        (Method::GET, SESSION.to_owned()),
        (Method::DELETE, SESSION.to_owned()),
        (Method::POST, format!("{LIST}/{unknown}{erase}")),
    ];
    for (method, path) in &calls {
        for (name, value) in forged {
            let request = server.request(method.clone(), path).header(COOKIE, &cookie).header(name, value);
            let response = request.send().await.unwrap();
            assert!(response.headers().get("access-control-allow-credentials").is_none());
            assert_eq!(body_of(response).await.1["code"], "cross-site-request", "{method} {path} with {name}: {value}");
        }
    }
    let sign_in = attempt(&server, PASSWORD).header("sec-fetch-site", "cross-site").send().await.unwrap();
    assert_eq!(sign_in.status(), 403, "nobody is signed in by another site");
    for (name, value) in [("origin", own.as_str()), ("sec-fetch-site", "same-origin"), ("sec-fetch-site", "none")] {
        let request = server.request(Method::GET, SESSION).header(COOKIE, &cookie).header(name, value);
        assert_eq!(request.send().await.unwrap().status(), 200, "{name}: {value}");
    }
}

#[tokio::test]
async fn nothing_an_operator_is_given_may_be_kept_by_a_cache() {
    let server = Server::demo();
    assert_eq!(server.say("s", "hello").await.status(), 200);
    let cookie = sign_in(&server).await;
    let (_, list) = body_of(server.request(Method::GET, LIST).header(COOKIE, &cookie).send().await.unwrap()).await;
    let thread = format!("{LIST}/{}", list["conversations"][0]["_id"].as_str().unwrap());
    let of_the_thread = ["", "/events", "/events?at=1", "/export?format=csv"].map(|rest| format!("{thread}{rest}"));
    let others = ["session", "events", "export", "operators/events", "statistics", "statistics/chart", "system"];
    let others = others.map(|path| format!("/v1/admin/{path}"));
    let paths = of_the_thread.into_iter().chain(others).chain([LIST.to_owned(), "/dashboard/preview".to_owned()]);
    for path in paths {
        let request = |cookie: &str| server.request(Method::GET, &path).header(COOKIE, cookie).send();
        let given = request(&cookie).await.unwrap();
        let refused = request("open-chat-session=forged").await.unwrap();
        for (response, status) in [(given, 200), (refused, 401)] {
            assert_eq!(response.status(), status, "{path}");
            let kept = response.headers()["cache-control"].to_str().unwrap();
            assert!(kept.starts_with("no-store"), "{path}: {kept}");
        }
    }
}

#[tokio::test]
async fn a_key_beside_a_session_is_judged_alone_and_acts_are_recorded_as_whose_they_are() {
    let server = Server::demo();
    let cookie = sign_in(&server).await;
    let both = |key: &str| server.request(Method::GET, LIST).header(COOKIE, &cookie).header("x-admin-api-key", key);
    assert_eq!(both("wrong").send().await.unwrap().status(), 401);
    assert_eq!(both(ADMIN_KEY).send().await.unwrap().status(), 200);
    assert_eq!(status(&server, Method::GET, "/v1/admin/export?format=csv", &cookie).await, 200);
    let acts = server.admin("/v1/admin/operators/events").await;
    assert_eq!(acts["events"][0]["act"]["type"], "ConversationsExported");
    assert_eq!(acts["events"][0]["operator"], "dashboard");
}

#[tokio::test]
async fn a_feed_ends_with_the_session_it_was_opened_with() {
    let server = Server::demo();
    let (cookie, other) = (sign_in(&server).await, sign_in(&server).await);
    let open = async |cookie: &str| {
        let mut feed = server.request(Method::GET, "/v1/admin/events").header(COOKIE, cookie).send().await.unwrap();
        assert_eq!(feed.status(), 200);
        feed.chunk().await.unwrap().expect("a feed says that it is open");
        feed
    };
    let (mut ended, mut goes_on) = (open(&cookie).await, open(&other).await);
    assert_eq!(status(&server, Method::DELETE, SESSION, &cookie).await, 204);
    while ended.chunk().await.unwrap().is_some() {}
    assert_eq!(server.say("s", "hello").await.status(), 200);
    assert!(goes_on.chunk().await.unwrap().is_some());
}

#[tokio::test]
async fn without_an_admin_key_the_session_is_enough_and_callers_without_one_are_told_to_sign_in() {
    let server = Server::start(
        Options::default()
            .var("NODE_ENV", "production")
            .var("ASSISTANT", "demo")
            .var("WIDGET_API_KEY", "a-widget-key-of-24-letters")
            .var("DASHBOARD_PASSWORD", PASSWORD_OF_PRODUCTION)
            .var("SESSION_SECRET", SECRET),
    );
    let response = attempt(&server, PASSWORD_OF_PRODUCTION).send().await.unwrap();
    assert_eq!(reads(&server, &cookie_of(&response)).await, 200);
    assert_eq!(server.get(LIST).await.status(), 401);
    let key = server.request(Method::GET, LIST).header("x-admin-api-key", "some key").send().await.unwrap();
    assert_eq!(body_of(key).await.1["code"], "admin-key-not-configured");
}

const PASSWORD_OF_PRODUCTION: &str = "correct horse battery";
