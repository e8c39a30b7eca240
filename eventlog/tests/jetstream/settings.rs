//! How the tests open the log.

use std::sync::Arc;
use std::time::Duration;

use chat_eventlog::jetstream::{JetStreamLog, OpenError, Settings};

pub(crate) const STREAM: &str = "open-chat";

/// For servers at `urls`, separated by commas. As the server does, says which provider of TLS is at work: with the feature `eventstore`
/// there are two.
pub(crate) fn settings(urls: &str) -> Settings {
    // Fails if it is installed already.
    let _ = async_nats::rustls::crypto::ring::default_provider().install_default();
    Settings {
        servers: urls.split(',').map(str::to_owned).collect(),
        credentials: None,
        nkey_seed: None,
        ca: None,
        client_certificate: None,
        stream: STREAM.into(),
        patience: Duration::from_secs(60),
    }
}

pub(crate) async fn open(urls: &str) -> Arc<JetStreamLog> {
    Arc::new(JetStreamLog::open(settings(urls)).await.unwrap())
}

pub(crate) async fn refusal(settings: Settings) -> OpenError {
    JetStreamLog::open(settings).await.err().expect("a log that should not have been opened")
}
