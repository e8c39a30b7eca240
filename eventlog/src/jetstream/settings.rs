//! How to reach the log's NATS servers.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::servers::Servers;

/// What [`JetStreamLog::open`](super::JetStreamLog::open) needs to know. Shows no secret when it is printed.
#[derive(Clone)]
pub struct Settings {
    /// Addresses of one or several servers of one cluster, `nats://[user:password@|token@]host[:port]`, or `tls://` for
    /// connections that have to be encrypted. More servers of the cluster are found by themselves.
    pub servers: Vec<String>,
    /// A `.creds` file, with the JWT and the NKey seed of a user.
    pub credentials: Option<PathBuf>,
    /// A file with the NKey seed of a user.
    pub nkey_seed: Option<PathBuf>,
    /// A PEM file with the authorities that may have signed the servers' certificates; without it, the system's.
    pub ca: Option<PathBuf>,
    /// PEM files of a certificate and its key, for servers that ask for one.
    pub client_certificate: Option<(PathBuf, PathBuf)>,
    /// Name of the stream, and first token of every subject.
    pub stream: String,
    /// How long opening waits for the servers.
    pub patience: Duration,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers = Servers::parse(&self.servers).map_or_else(|error| error.to_string(), |found| found.to_string());
        f.debug_struct("Settings")
            .field("servers", &servers)
            .field("credentials", &self.credentials)
            .field("nkey_seed", &self.nkey_seed)
            .field("ca", &self.ca)
            .field("client_certificate", &self.client_certificate)
            .field("stream", &self.stream)
            .field("patience", &self.patience)
            .finish()
    }
}
