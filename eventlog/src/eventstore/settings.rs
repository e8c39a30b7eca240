//! How to reach the log's EventStoreDB.

use std::fmt;
use std::time::Duration;

/// Who logs in.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// Its name.
    pub user: String,
    /// Its password.
    pub password: String,
}

/// What [`EventStoreLog::open`](super::EventStoreLog::open) needs to know. Shows no secret when it is printed.
#[derive(Clone)]
pub struct Settings {
    /// The connection string as EventStoreDB and KurrentDB have it, without a login:
    /// `esdb://host[:port][,host…][?parameters]`, also `kurrentdb://`, and `esdb+discover://` for names of clusters.
    pub address: String,
    /// Comes before the names of all streams, for several logs in one database; usually empty.
    pub namespace: String,
    /// Who logs in; nobody on a server without security.
    pub login: Option<Login>,
    /// How long opening waits for the servers.
    pub patience: Duration,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("address", &self.address)
            .field("namespace", &self.namespace)
            .field("login", &self.login.as_ref().map(|_| "***"))
            .field("patience", &self.patience)
            .finish()
    }
}
