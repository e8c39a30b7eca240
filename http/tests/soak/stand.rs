//! A deployment under test: replicas, the log they share, and a model.

use std::sync::Arc;
use std::time::Duration;

use chat_eventlog::embedded::EmbeddedLog;
use chat_eventlog::jetstream::{JetStreamLog, Settings};
use chat_eventlog::{EventLog, Position, Recorded};
use futures_util::StreamExt;

use crate::checker::Lateness;
use crate::model::{Manner, Model};
use crate::nats::{Cluster, Proxy, Server};
use crate::replicas::{Addresses, Replica};
use crate::support::ReverseProxy;
use crate::visitors::Crowd;

/// The stream of `open-chat`'s events.
pub const STREAM: &str = "open-chat";
const READING: Duration = Duration::from_secs(60);

/// What the replicas share.
pub enum Log {
    /// One replica's own.
    Embedded,
    /// A single server, which every replica reaches through a proxy of its own.
    Single { server: Box<Server>, proxies: Vec<Proxy> },
    /// Three nodes.
    Cluster(Box<Cluster>),
}

pub struct Stand {
    // Dropped first: a replica should not see its log go.
    pub replicas: Vec<Replica>,
    pub addresses: Addresses,
    pub log: Log,
    pub model: Model,
    /// What visitors meet in place of the replicas, where it is not the replicas themselves.
    pub front: Option<ReverseProxy>,
    /// What a fault slowed down.
    pub lateness: Lateness,
}

impl Stand {
    pub fn embedded() -> Self {
        Self::start(Log::Embedded, &["embedded:./data".to_owned()])
    }

    pub fn single(replicas: usize) -> Self {
        let server = Box::new(Server::start());
        let proxies: Vec<_> = (0..replicas).map(|_| Proxy::start(server.port())).collect();
        let urls: Vec<_> = proxies.iter().map(Proxy::url).collect();
        Self::start(Log::Single { server, proxies }, &urls)
    }

    pub fn cluster(replicas: usize) -> Self {
        let cluster = Cluster::start();
        let urls = vec![cluster.url(); replicas];
        Self::start(Log::Cluster(Box::new(cluster)), &urls)
    }

    /// A replica beside each node, which knows only that one, as where a zone of a data centre has one of each.
    pub fn zones() -> Self {
        let cluster = Cluster::start();
        let urls = cluster.urls();
        Self::start(Log::Cluster(Box::new(cluster)), &urls)
    }

    /// Replicas on a single server, behind the reverse proxy that is all that visitors know. Their answers take seconds.
    pub fn behind_a_proxy(replicas: usize) -> Self {
        let server = Box::new(Server::start());
        let (model, inside) = (Model::start(Manner::STEADY), Addresses::default());
        let start = |_| Replica::start(&inside, &server.url(), &model.base_url());
        let replicas: Vec<_> = (0..replicas).map(start).collect();
        let front = ReverseProxy::start(&urls(&replicas));
        let (addresses, log) = (Addresses::only(front.url()), Log::Single { server, proxies: Vec::new() });
        Self { replicas, addresses, log, model, front: Some(front), lateness: Lateness::new() }
    }

    /// Starts one more replica, without a visitor yet.
    pub fn start_another(&mut self) {
        let (event_log, base_url) = (self.server().url(), self.model.base_url());
        self.replicas.push(Replica::start(&Addresses::default(), &event_log, &base_url));
    }

    /// Lets the proxy send what comes from now on to the replicas from this one on.
    pub fn send_to_replicas_from(&mut self, first: usize) {
        let front = self.front.as_mut().expect("this deployment has no reverse proxy");
        front.send_to(&urls(&self.replicas[first..]));
    }

    /// Who visits it.
    pub fn crowd(&self) -> Crowd {
        self.front.as_ref().map_or_else(Crowd::anybody, |front| Crowd::newcomers(front.authority()))
    }

    fn start(log: Log, urls: &[String]) -> Self {
        let (model, addresses) = (Model::start(Manner::HASTY), Addresses::default());
        let base_url = model.base_url();
        let replicas = urls.iter().map(|url| Replica::start(&addresses, url, &base_url)).collect();
        let stand = Self { replicas, addresses, log, model, front: None, lateness: Lateness::new() };
        if let Log::Cluster(cluster) = &stand.log {
            cluster.until_current(STREAM);
        }
        stand
    }

    pub fn server(&mut self) -> &mut Server {
        match &mut self.log {
            Log::Single { server, .. } => server,
            _ => panic!("this deployment has no single server"),
        }
    }

    pub fn cluster_nodes(&mut self) -> &mut Cluster {
        match &mut self.log {
            Log::Cluster(cluster) => cluster,
            _ => panic!("this deployment has no cluster"),
        }
    }

    /// The proxy between a replica and the single server.
    pub fn proxy(&self, replica: usize) -> &Proxy {
        match &self.log {
            Log::Single { proxies, .. } => &proxies[replica],
            _ => panic!("this deployment has no proxies"),
        }
    }

    /// Every event, read past the proxies. The replica of an embedded log is stopped for it.
    pub async fn events(&mut self) -> Vec<Recorded> {
        let log: Arc<dyn EventLog> = match &self.log {
            Log::Embedded => {
                self.replicas[0].kill();
                Arc::new(EmbeddedLog::open(&self.replicas[0].data()).unwrap())
            }
            Log::Single { server, .. } => Arc::new(open(vec![server.url()]).await),
            Log::Cluster(cluster) => Arc::new(open(cluster.urls().to_vec()).await),
        };
        tokio::time::timeout(READING, read_all(&*log)).await.expect("the log is not read to its end")
    }
}

fn urls(replicas: &[Replica]) -> Vec<&str> {
    replicas.iter().map(Replica::url).collect()
}

async fn open(servers: Vec<String>) -> JetStreamLog {
    let settings = Settings {
        servers,
        credentials: None,
        nkey_seed: None,
        ca: None,
        client_certificate: None,
        stream: STREAM.to_owned(),
        patience: READING,
    };
    JetStreamLog::open(settings).await.unwrap()
}

async fn read_all(log: &dyn EventLog) -> Vec<Recorded> {
    let end = log.end().await.unwrap();
    let mut events: Vec<Recorded> = Vec::new();
    let mut subscription = log.subscribe(Position::START);
    while events.last().map_or(Position::START, |last| last.position) < end {
        events.push(subscription.next().await.expect("the subscription ended early").unwrap());
    }
    events
}
