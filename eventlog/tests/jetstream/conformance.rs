//! The suite, on both topologies: a server and a cluster differ in what they check first and in what they say.

use std::sync::Arc;

use async_trait::async_trait;
use chat_eventlog::EventLog;
use chat_eventlog::conformance::Backend;

use crate::nats;
use crate::settings::open;

struct Single(nats::Server);

#[async_trait]
impl Backend for Single {
    async fn start() -> Self {
        Self(nats::Server::start())
    }

    async fn open(&self) -> Arc<dyn EventLog> {
        open(&self.0.url()).await
    }
}

struct ThreeReplicas(nats::Cluster);

#[async_trait]
impl Backend for ThreeReplicas {
    async fn start() -> Self {
        Self(nats::Cluster::start())
    }

    async fn open(&self) -> Arc<dyn EventLog> {
        open(&self.0.url()).await
    }
}

mod single {
    chat_eventlog::conformance_suite!(super::Single);
}

mod cluster {
    chat_eventlog::conformance_suite!(super::ThreeReplicas);
}
