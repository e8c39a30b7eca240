//! `EVENT_LOG=nats://…`: what someone who runs the server sees of a log that other processes keep.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::nats::{self, PASSWORD, USER};
use crate::support::{Options, Process, Server, Upstream, body_of, model};

/// The line of a process that waits for its log.
const WAITS: &str = "waiting for the event log";
/// A server without accounts, and with the default sync_interval.
const PLAIN: &str =
    "server_name: $NATS_NAME\nhost: $NATS_HOST\nport: $NATS_PORT\njetstream { store_dir: $NATS_STORE }\n";
const NKEY_SEED: &str = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
const NKEY: &str = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4";

fn on(log: &nats::Server) -> Options {
    Options::default().var("EVENT_LOG", log.url())
}

/// The one line with which the server refused to start, after checking that nothing secret is in it.
pub(crate) fn complaint(options: Options) -> String {
    let Err((status, stderr)) = Server::try_start(options) else { panic!("the server started") };
    assert!(!status.success());
    assert!(!stderr.contains("s3cret") && !stderr.contains(PASSWORD), "a password is shown: {stderr}");
    let complaints: Vec<&str> = stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(complaints.len(), 1, "{stderr}");
    complaints[0].to_owned()
}

/// Asks `/ready` until the log is in this state; the probe itself must always pass.
async fn until_log_is(server: &Server, state: &str) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let (status, body) = body_of(server.get("/ready").await).await;
        assert_eq!(status, 200, "{body}");
        if body["log"]["state"] == state {
            return;
        }
        assert!(Instant::now() < deadline, "the log does not become {state}: {body}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_conversation_on_jetstream_outlives_the_server_process_and_its_directory() {
    let (log, upstream) = (nats::Server::start(), Upstream::start().await);
    let options = || model(&upstream.base_url()).var("EVENT_LOG", log.url());
    let mut server = Server::start(options());
    upstream.answer(&["Hel", "lo"]);
    assert_eq!(server.stream_as("s", "m1", "hi").await.rest().await, ["start", "token Hel", "token lo", "done Hello"]);
    assert_eq!(server.thread("s").await, ["user: hi", "assistant: Hello"]);

    server.crash_and_restart();
    assert_eq!(server.thread("s").await, ["user: hi", "assistant: Hello"]);
    assert_eq!(server.stream_as("s", "m1", "hi").await.answer().await, "Hello");
    upstream.answer(&["Bye"]);
    assert_eq!(server.stream_as("s", "m2", "and?").await.answer().await, "Bye");
    assert_eq!(upstream.requests()[1]["messages"].as_array().unwrap().len(), 4, "the history came from the log");

    let another = Server::start(options());
    assert_eq!(another.thread("s").await, ["user: hi", "assistant: Hello", "user: and?", "assistant: Bye"]);
    assert!(!server.log().contains(PASSWORD), "{}", server.log());
}

#[tokio::test]
async fn while_the_log_is_away_chat_is_refused_at_once_and_the_rest_goes_on() {
    let (mut log, upstream) = (nats::Server::start(), Upstream::start().await);
    let server = Server::start(model(&upstream.base_url()).var("EVENT_LOG", log.url()));
    upstream.answer(&["1"]);
    assert_eq!(server.stream("known", "one").await.answer().await, "1");
    // What the read models have not seen yet they cannot show while the log is away.
    while server.thread("known").await.len() < 2 {}

    log.kill();
    until_log_is(&server, "unavailable").await;
    let begun = Instant::now();
    for number in 0..10 {
        for session in ["known", &format!("new-{number}")] {
            let (status, body) = body_of(server.say(session, "lost?").await).await;
            let error = (status, body["error"].as_str(), body["code"].as_str());
            assert_eq!(error, (503, Some("Service unavailable"), Some("service-unavailable")), "{session}");
        }
    }
    // The shortest time-out of anything on the way is 2 s: 20 of them would take 40 s.
    assert!(begun.elapsed() < Duration::from_secs(20), "refused after {:?}", begun.elapsed());
    assert_eq!(upstream.requests().len(), 1, "the model is not asked while nothing can be stored");
    assert_eq!(server.get("/health").await.status(), 200);
    assert_eq!(server.get("/ready").await.status(), 200);
    assert_eq!(server.thread("known").await, ["user: one", "assistant: 1"]);

    log.restart();
    until_log_is(&server, "available").await;
    for session in ["known", "new-0"] {
        upstream.answer(&["2"]);
        assert_eq!(server.stream(session, "two").await.answer().await, "2", "{session}");
    }
    assert_eq!(server.thread("known").await, ["user: one", "assistant: 1", "user: two", "assistant: 2"]);
    assert_eq!(server.thread("new-0").await, ["user: two", "assistant: 2"]);
    assert_eq!(server.thread("new-1").await, [] as [&str; 0], "what was refused was not stored");
    let noise: Vec<String> = server.log().lines().filter(|line| line.contains("async_nats")).map(Into::into).collect();
    assert!(noise.is_empty(), "the library's words beside the log's own: {noise:?}");
}

#[tokio::test]
async fn a_server_that_stands_still_is_found_out_and_comes_back() {
    let log = nats::Server::start();
    let server = Server::start(on(&log));
    assert_eq!(server.say("s", "before").await.status(), 200);
    log.pause();
    until_log_is(&server, "unavailable").await;
    let (status, body) = body_of(server.say("s", "lost?").await).await;
    assert_eq!((status, body["code"].as_str()), (503, Some("service-unavailable")));
    log.resume();
    until_log_is(&server, "available").await;
    assert_eq!(server.say("s", "after").await.status(), 200);
    let thread = server.thread("s").await;
    assert_eq!((thread.len(), thread[2].as_str()), (4, "user: after"));
}

#[tokio::test]
async fn a_log_that_is_not_there_yet_is_waited_for() {
    let mut log = nats::Server::start();
    log.stop();
    let process = Process::launch(on(&log));
    process.until_logged(WAITS).await;
    assert!(!process.log().contains(PASSWORD), "{}", process.log());
    log.restart();
    let server = Server::of(process).unwrap_or_else(|(status, log)| panic!("{status}: {log}"));
    assert_eq!(server.say("s", "hi").await.status(), 200);
}

#[tokio::test]
async fn a_process_that_waits_for_its_log_stops_when_asked() {
    let mut log = nats::Server::start();
    log.stop();
    let mut process = Process::launch(on(&log));
    process.until_logged(WAITS).await;
    let asked = Instant::now();
    process.terminate();
    assert!(process.wait().await.success());
    // It would wait for 30 s.
    assert!(asked.elapsed() < Duration::from_secs(15), "stopped after {:?}", asked.elapsed());
    assert!(process.log().contains("stopped before the event log was reached"), "{}", process.log());
}

#[test]
fn a_wrong_login_ends_the_start_at_once_with_a_line_that_hides_it() {
    let log = nats::Server::start();
    let port = log.port();
    let begun = Instant::now();
    let variables = Options::default()
        .var("EVENT_LOG", format!("nats://127.0.0.1:{port}"))
        .var("NATS_USER", USER)
        .var("NATS_PASSWORD", "s3cret");
    for options in [
        Options::default().var("EVENT_LOG", format!("nats://{USER}:s3cret@127.0.0.1:{port}")),
        variables,
        Options::default().var("EVENT_LOG", format!("nats://127.0.0.1:{port}")),
    ] {
        let line = complaint(options);
        assert!(line.contains("EVENT_LOG=nats://") && line.contains("login"), "{line}");
    }
    // Each would wait for 30 s.
    assert!(begun.elapsed() < Duration::from_secs(45), "refused after {:?}", begun.elapsed());
}

#[tokio::test]
async fn user_and_password_may_come_apart_from_the_address() {
    let log = nats::Server::start();
    let address = format!("nats://127.0.0.1:{}", log.port());
    let options = Options::default().var("EVENT_LOG", address).var("NATS_USER", USER).var("NATS_PASSWORD", PASSWORD);
    let server = Server::start(options);
    assert_eq!(server.say("s", "hi").await.status(), 200);
    assert!(!server.log().contains(PASSWORD), "{}", server.log());
}

#[tokio::test]
async fn a_user_may_be_an_nkey() {
    // Whoever does not log in may do nothing.
    let users = format!(
        "authorization {{ users: [
            {{ nkey: {NKEY} }}
            {{ user: nobody, password: x, permissions: {{ publish: none, subscribe: none }} }}
        ] }}
        no_auth_user: nobody"
    );
    let log = nats::Server::start_with(&format!("{PLAIN}{users}"));
    let dir = tempfile::tempdir().unwrap();
    let seed = dir.path().join("seed");
    std::fs::write(&seed, format!("{NKEY_SEED}\n")).unwrap();
    let server = Server::start(on(&log).var("NATS_NKEY_FILE", seed.display()));
    assert_eq!(server.say("s", "hi").await.status(), 200);
    assert!(!server.log().contains(NKEY_SEED), "the seed is shown");
}

#[test]
fn variables_that_contradict_each_other_or_name_no_file_are_named() {
    let nats = || Options::default().var("EVENT_LOG", "nats://u:s3cret@localhost");
    for (options, name) in [
        (nats().var("NATS_NKEY_FILE", "/no/such/file"), "NATS_NKEY_FILE"),
        (nats().var("NATS_CA_FILE", "/no/such/file"), "NATS_CA_FILE"),
        (nats().var("NATS_CERT_FILE", "/no/such/file"), "NATS_KEY_FILE"),
        (Options::default().var("EVENT_LOG", "nats://u:s3 cret@localhost"), "EVENT_LOG"),
    ] {
        let Err((_, stderr)) = Server::try_start(options) else { panic!("the server started") };
        assert!(stderr.contains(name) && !stderr.contains("s3"), "{name}: {stderr}");
    }
}

#[tokio::test]
async fn what_the_servers_do_not_promise_is_a_warning_in_production_and_a_note_elsewhere() {
    let log = nats::Server::start_with(&format!("{PLAIN}max_payload: 128KB\n"));
    let production = on(&log)
        .var("NODE_ENV", "production")
        .var("ASSISTANT", "demo")
        .var("WIDGET_API_KEY", "widget-key-of-24-letters");
    for (options, level) in [(on(&log), "INFO"), (production, "WARN")] {
        let server = Server::start(options);
        let said = server.log();
        for words in ["one replica", "sync_interval", "max_payload"] {
            let line = said.lines().find(|line| line.contains(words)).unwrap_or_else(|| panic!("{words}: {said}"));
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["level"], json!(level), "{line}");
        }
    }
}

#[test]
fn two_processes_on_one_log_need_a_directory_each() {
    let log = nats::Server::start();
    let first = Server::start(on(&log));
    let line = complaint(on(&log).cwd(first.dir()));
    assert!(line.contains("READ_MODELS=./data/read-models") && line.contains("a directory of its own"), "{line}");
}
