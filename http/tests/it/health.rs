//! `open-chat health`, as the health check of a container calls it.

use std::net::TcpListener;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::support::{Options, Server};

/// Asks with these variables, and these files in the working directory.
fn health(variables: &[(&str, &str)], files: &[(&str, &str)]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_open-chat"));
    command.arg("health").env_clear().envs(variables.iter().copied()).current_dir(dir.path()).output().unwrap()
}

/// The one line of a probe that failed.
fn complaint(output: Output) -> String {
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), words.lines().count()), (Some(1), 1), "{words}");
    assert!(output.stdout.is_empty());
    words
}

fn assert_lives(output: Output) {
    let (out, errors) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert_eq!((output.status.code(), out.lines().count()), (Some(0), 1), "{out}{errors}");
    assert!(out.starts_with("open-chat lives at "), "{out}");
}

#[test]
fn a_server_that_runs_lives_wherever_it_listens() {
    for (listens, asked) in [
        ("127.0.0.1", &["127.0.0.1", "localhost", "0.0.0.0", ""][..]),
        ("0.0.0.0", &["0.0.0.0", "127.0.0.1", ""]),
        ("::1", &["::1", "::"]),
    ] {
        let server = Server::start(Options::default().var("HOST", listens));
        let port = server.address().port().to_string();
        for host in asked {
            assert_lives(health(&[("HOST", host), ("PORT", &port)], &[]));
        }
        let file = format!("port = {port}\nhost = '{}'\n", asked[0]);
        assert_lives(health(&[], &[("open-chat.toml", &file)]));
    }
}

#[test]
fn what_is_wrong_with_the_rest_of_the_configuration_is_not_asked() {
    let server = Server::demo();
    let port = server.address().port().to_string();
    let broken = [
        ("PORT", port.as_str()),
        ("NODE_ENV", "production"),
        ("EVENT_LOG", "postgres://"),
        ("SHUTDOWN_TIMEOUT_MS", "soon"),
        ("WIDGET_API_KEY", "short"),
    ];
    assert_lives(health(&broken, &[("open-chat.toml", "this is = no = file"), (".env", "nor 'this")]));
}

#[test]
fn where_nobody_listens_is_told_with_the_address() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let words = complaint(health(&[("PORT", &free.port().to_string())], &[]));
    assert!(words.starts_with(&format!("error: open-chat does not answer at {free}")), "{words}");
}

#[test]
fn a_server_that_takes_the_connection_and_says_nothing_does_not_hold_it_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let begun = Instant::now();
    let words = complaint(health(&[("PORT", &silent.local_addr().unwrap().port().to_string())], &[]));
    assert!(words.contains("does not answer"), "{words}");
    // The health check of the image ends it after 5 s.
    assert!(begun.elapsed() < Duration::from_secs(5), "after {:?}", begun.elapsed());
}

#[test]
fn an_address_that_cannot_be_asked_is_named_by_its_variable() {
    for (name, value) in [("PORT", "0"), ("PORT", "http"), ("HOST", "chat.example.com")] {
        let words = complaint(health(&[(name, value)], &[]));
        assert!(words.starts_with(&format!("error: {name}: ")), "{words}");
    }
}
