//! One server: a port of the loopback interface, served until it is killed.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::runtime::{Builder, Runtime};
use tonic::Status;
use tonic::metadata::MetadataMap;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Identity, Server, ServerTlsConfig};

use crate::database::Database;
use crate::faults::not_leader;
use crate::features::Features;
use crate::gossip::Gossip;
use crate::protocol::event_store::client::gossip::gossip_server::GossipServer;
use crate::protocol::event_store::client::server_features::server_features_server::ServerFeaturesServer;
use crate::protocol::event_store::client::streams::streams_server::StreamsServer;
use crate::streams::Streams;

/// Who may come in.
#[derive(Debug, Clone)]
pub struct Login {
    /// Its name.
    pub user: String,
    /// Its password.
    pub password: String,
}

/// A certificate and its key, in PEM form.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: String,
}

/// How a server is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// 0: any that is free.
    pub port: u16,
    /// Nobody has to log in without one.
    pub login: Option<Login>,
    /// Connections are not encrypted without it.
    pub tls: Option<Tls>,
    /// What it says to be.
    pub release: String,
}

impl Default for Options {
    fn default() -> Self {
        Self { port: 0, login: None, tls: None, release: "24.10.6".into() }
    }
}

/// A server. Dropped, it is killed.
pub struct Node {
    database: Database,
    options: Options,
    door: Door,
    /// Everything that runs for it: dropped, every connection is cut.
    runtime: Option<Runtime>,
}

impl Node {
    /// A leader.
    ///
    /// # Errors
    /// The port is not free.
    pub fn start(database: Database, options: Options) -> io::Result<Self> {
        let door =
            Door(Arc::new(Inner { port: AtomicU16::new(0), leader: AtomicU16::new(0), login: options.login.clone() }));
        let mut node = Self { database, options, door, runtime: None };
        node.serve()?;
        node.lead(node.port());
        Ok(node)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.door.port()
    }

    /// From now on the server on this port is the leader.
    pub fn lead(&self, port: u16) {
        self.door.0.leader.store(port, Ordering::SeqCst);
    }

    /// Cuts every connection at once, and takes no more.
    pub fn kill(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// Is there again, on the same port.
    ///
    /// # Errors
    /// The port is not free any more.
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill();
        self.options.port = self.port();
        self.serve()
    }

    fn serve(&mut self) -> io::Result<()> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().thread_name("fake").build()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.options.port));
        let listener = bind(address)?;
        listener.set_nonblocking(true)?;
        self.door.0.port.store(listener.local_addr()?.port(), Ordering::SeqCst);
        let (database, door) = (self.database.clone(), self.door.clone());
        let mut server = Server::builder();
        if let Some(tls) = &self.options.tls {
            let identity = Identity::from_pem(&tls.certificate, &tls.key);
            server = server.tls_config(ServerTlsConfig::new().identity(identity)).map_err(io::Error::other)?;
        }
        let router = server
            .add_service(StreamsServer::new(Streams { database, door: door.clone() }))
            .add_service(ServerFeaturesServer::new(Features { release: self.options.release.clone() }))
            .add_service(GossipServer::new(Gossip { door }));
        let entered = runtime.enter();
        let incoming = TcpIncoming::from(tokio::net::TcpListener::from_std(listener)?).with_nodelay(Some(true));
        drop(entered);
        runtime.spawn(router.serve_with_incoming(incoming));
        self.runtime = Some(runtime);
        Ok(())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The port of a server that was just killed may not be free at once.
fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let mut tries = 0;
    loop {
        match TcpListener::bind(address) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries < 200 => {
                tries += 1;
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            bound => return bound,
        }
    }
}

/// Who is let in, and to whom others are sent.
#[derive(Clone)]
pub(crate) struct Door(Arc<Inner>);

struct Inner {
    port: AtomicU16,
    leader: AtomicU16,
    login: Option<Login>,
}

impl Door {
    pub(crate) fn port(&self) -> u16 {
        self.0.port.load(Ordering::SeqCst)
    }

    pub(crate) fn leader(&self) -> u16 {
        self.0.leader.load(Ordering::SeqCst)
    }

    /// Checks the login, and that whoever needs the leader has found it.
    pub(crate) fn admit(&self, metadata: &MetadataMap) -> Result<(), Status> {
        let given = |name: &str| metadata.get(name).and_then(|value| value.to_str().ok());
        if let Some(Login { user, password }) = &self.0.login {
            let expected = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
            if given("authorization") != Some(expected.as_str()) {
                return Err(Status::unauthenticated("access denied"));
            }
        }
        if given("requires-leader") == Some("true") && self.port() != self.leader() {
            return Err(not_leader(self.leader()));
        }
        Ok(())
    }
}
