//! The fake as a process: `fake-eventstore <file of the database> [port]`. Prints its address, and serves until it is killed.

use std::path::Path;
use std::process::ExitCode;

use chat_fake_eventstore::{Database, Node, Options};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(file) = arguments.first() else {
        eprintln!("usage: fake-eventstore <file of the database> [port]");
        return ExitCode::FAILURE;
    };
    let port = arguments.get(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let node = Database::open(Path::new(file))
        .and_then(|database| Node::start(database, Options { port, ..Options::default() }));
    match node {
        Ok(node) => {
            println!("esdb://127.0.0.1:{}?tls=false", node.port());
            loop {
                std::thread::park();
            }
        }
        Err(error) => {
            eprintln!("{file}: {error}");
            ExitCode::FAILURE
        }
    }
}
