//! The suite that every backend passes: on the fake, or on the real server that `EVENTSTORE_TEST_URL` names, where it leaves
//! streams whose names begin with `test-`.

use std::sync::Arc;

use async_trait::async_trait;
use chat_eventlog::EventLog;
use chat_eventlog::conformance::Backend;
use chat_eventlog::eventstore::{EventStoreLog, Login, Settings};
use chat_fake_eventstore::Node;
use uuid::Uuid;

use crate::settings::{address, settings, start};

/// A connection string without a login, `esdb://localhost:2113?tls=false` for instance.
const REAL: &str = "EVENTSTORE_TEST_URL";
/// `user:password`, if that server wants one.
const LOGIN: &str = "EVENTSTORE_TEST_LOGIN";

struct Server {
    settings: Settings,
    _fake: Option<Node>,
}

fn real() -> Option<Settings> {
    let address = std::env::var(REAL).ok().filter(|address| !address.is_empty())?;
    let login = std::env::var(LOGIN).ok();
    let login = login.as_deref().and_then(|login| login.split_once(':'));
    let login = login.map(|(user, password)| Login { user: user.into(), password: password.into() });
    Some(Settings { namespace: format!("test-{}-", Uuid::new_v4()), login, ..settings(&address) })
}

#[async_trait]
impl Backend for Server {
    async fn start() -> Self {
        match real() {
            Some(settings) => Self { settings, _fake: None },
            None => {
                let (_database, node) = start();
                Self { settings: settings(&address(node.port())), _fake: Some(node) }
            }
        }
    }

    async fn open(&self) -> Arc<dyn EventLog> {
        Arc::new(EventStoreLog::open(self.settings.clone()).await.unwrap())
    }
}

mod suite {
    chat_eventlog::conformance_suite!(super::Server);
}

#[test]
fn the_server_under_test_is_said() {
    match real() {
        Some(settings) => println!("the suite runs on the server at {}", settings.address),
        None => println!("skipped: {REAL} names no real server; the suite runs on the fake"),
    }
}
