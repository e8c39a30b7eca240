//! A log on a nats-server of its own.

#[path = "../../../eventlog/tests/support/nats/mod.rs"]
mod nats;

use std::time::Duration;

use chat_eventlog::jetstream::{JetStreamLog, Settings};
pub(crate) use nats::Server;

pub(crate) const STREAM: &str = "open-chat";

/// With the server's own `sync_interval`: what is measured is reading, and the log is filled sooner.
const CONFIGURATION: &str =
    "server_name: $NATS_NAME\nhost: $NATS_HOST\nport: $NATS_PORT\njetstream { store_dir: $NATS_STORE }\n";

pub(crate) async fn log() -> (Server, JetStreamLog) {
    let server = Server::start_with(CONFIGURATION);
    let settings = Settings {
        servers: vec![server.url()],
        credentials: None,
        nkey_seed: None,
        ca: None,
        client_certificate: None,
        stream: STREAM.into(),
        patience: Duration::from_secs(30),
    };
    let log = JetStreamLog::open(settings).await.unwrap();
    (server, log)
}
