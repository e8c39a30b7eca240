//! Starting: what a newcomer meets, and what an operator of upstream brings along.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::{Options, Server, WIDGET_KEY};

/// The one line a start that failed ends with.
fn complaint(options: Options) -> String {
    let Err((status, stderr)) = Server::try_start(options) else { panic!("the server started") };
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    stderr.lines().last().unwrap_or_default().to_owned()
}

#[test]
fn a_taken_port_is_named_with_the_remedy() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let line = complaint(Options::default().var("PORT", port));
    assert!(line.contains(&port.to_string()) && line.contains("in use") && line.contains("PORT"), "{line}");
}

#[test]
fn bad_values_name_the_variable_and_what_is_accepted() {
    for (name, value) in [
        ("PORT", "70000"),
        ("PORT", "x"),
        ("NODE_ENV", "staging"),
        ("RATE_LIMIT_MAX_REQUESTS", "0"),
        ("MAX_HISTORY_MESSAGES", "-1"),
        ("EVENT_LOG", "postgres://x"),
        ("TRUSTED_PROXIES", "everyone"),
        ("PUBLIC_URL", "chat.example.com"),
        ("CORS_ORIGIN", "not an origin"),
    ] {
        let line = complaint(Options::default().var(name, value));
        assert!(line.contains(name), "{name}={value}: {line}");
    }
}

#[test]
fn production_refuses_to_start_unsafe() {
    let key = "0123456789abcdef0123456789";
    let production = || Options::default().var("NODE_ENV", "production").var("ASSISTANT", "demo");
    for (options, name) in [
        (production(), "WIDGET_API_KEY"),
        (production().var("WIDGET_API_KEY", ""), "WIDGET_API_KEY"),
        (production().var("WIDGET_API_KEY", "short"), "WIDGET_API_KEY"),
        (production().var("WIDGET_API_KEY", "change-me-widget-key-0000000000"), "WIDGET_API_KEY"),
        (production().var("WIDGET_API_KEY", " ".repeat(30)), "WIDGET_API_KEY"),
        (production().var("WIDGET_API_KEY", "ü".repeat(30)), "WIDGET_API_KEY"),
        (production().var("WIDGET_API_KEY", key).var("ADMIN_API_KEY", "short"), "ADMIN_API_KEY"),
        (production().var("WIDGET_API_KEY", key).var("CORS_ORIGIN", "*"), "CORS_ORIGIN"),
        (Options::default().var("NODE_ENV", "production").var("WIDGET_API_KEY", key), "OPENAI_API_KEY"),
    ] {
        let line = complaint(options);
        assert!(line.contains(name), "{name}: {line}");
        assert!(!line.contains(key), "a key is shown: {line}");
    }
}

#[test]
fn a_second_process_on_the_same_data_stops_with_a_clear_error() {
    let first = Server::demo();
    let line = complaint(Options::default().cwd(first.dir()));
    assert!(line.contains("another process") || line.contains("in use"), "{line}");
    assert!(line.contains("EVENT_LOG"), "the remedy is missing: {line}");
}

#[test]
fn a_read_only_data_directory_is_named_with_the_remedy() {
    let mount = tempfile::tempdir().unwrap();
    let path = mount.path().to_str().unwrap();
    if !Command::new("mount").args(["-t", "tmpfs", "-o", "ro", "tmpfs", path]).status().is_ok_and(|s| s.success()) {
        println!("skipped: this machine does not let the test mount a file system");
        return;
    }
    let line = complaint(Options::default().var("EVENT_LOG", format!("embedded:{path}/log")));
    assert!(Command::new("umount").arg(path).status().unwrap().success());
    assert!(line.contains("writ") && line.contains(path), "{line}");
}

const UPSTREAM_ENV: &str = include_str!("../../test-data/upstream.env");

#[tokio::test]
async fn the_env_file_of_upstream_starts_the_server_and_its_demo_works() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(".env"), UPSTREAM_ENV).unwrap();
    // The environment goes before the file: a free port, and a model that is not the real one.
    let upstream = crate::support::Upstream::start().await;
    upstream.answer(&["Hel", "lo"]);
    let options = Options::default().cwd(dir.path()).var("OPENAI_BASE_URL", upstream.base_url());
    let server = Server::start(options);
    assert!(server.log().contains("CONVEX_URL"), "ignored variables are named once: {}", server.log());
    assert_eq!(server.get("/widget/chat-widget.js").await.status(), 200, "a missing bundle falls back to the built-in");
    assert!(server.get("/demo").await.text().await.unwrap().contains(WIDGET_KEY));

    // What the widget on /demo does: a request from the server's own origin, which CORS_ORIGIN does not list.
    let body = json!({"sessionId": "s", "message": "hi"});
    let response = server.chat("/chat", &body).header("origin", &server.url).send().await.unwrap();
    assert_eq!(crate::support::Stream::new(response).answer().await, "Hello");
}

#[test]
fn secrets_are_not_in_the_log_nor_in_the_printed_configuration() {
    let server = Server::start(
        Options::default().var("OPENAI_API_KEY", "sk-very-secret-1").var("SESSION_SECRET", "s".repeat(40)),
    );
    let printed = Command::new(env!("CARGO_BIN_EXE_open-chat"))
        .arg("config")
        .env("OPENAI_API_KEY", "sk-very-secret-1")
        .env("SESSION_SECRET", "s".repeat(40))
        .current_dir(server.dir())
        .output()
        .unwrap();
    assert!(printed.status.success());
    let printed = String::from_utf8(printed.stdout).unwrap();
    assert!(printed.contains("OPENAI_MODEL") && printed.contains("RATE_LIMIT_WINDOW_MS"), "{printed}");
    for text in [server.log(), printed] {
        for secret in ["sk-very-secret-1", "ssssssss", WIDGET_KEY] {
            assert!(!text.contains(secret), "{secret} is shown");
        }
    }
}

#[test]
fn the_program_says_its_own_name_and_version() {
    let output = Command::new(env!("CARGO_BIN_EXE_open-chat")).arg("--version").output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), concat!("open-chat ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn whoever_starts_it_is_told_where_the_dashboard_is_while_there_is_one() {
    for (password, told) in [("", false), ("twelve characters", true)] {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_open-chat"));
        command.env_clear().envs([("PORT", "0"), ("NODE_ENV", "production"), ("ASSISTANT", "demo")]);
        command.envs([("WIDGET_API_KEY", "0123456789abcdef0123456789"), ("DASHBOARD_PASSWORD", password)]);
        let mut child = command.current_dir(dir.path()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        // The last line of what it says.
        let said: Vec<_> = lines.take_while(|line| !line.contains("data-api-key")).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(said.iter().any(|line| line.contains("API reference")), "{said:?}");
        assert_eq!(said.iter().any(|line| line.contains("/dashboard/")), told, "{said:?}");
    }
}
