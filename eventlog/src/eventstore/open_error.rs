//! What can keep the log from being opened, and what to do about it.

use std::time::Duration;

/// Why the log was not opened. The message goes on from the servers' address, which the caller knows. It never holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The connection string is none.
    #[error("is not a connection string of EventStoreDB ({0}): write esdb://host[:port][,host…][?tls=false]")]
    Address(String),
    /// The client cannot be made: a file of certificates, for example.
    #[error("no connection can be made ({0}): check the files that tlsCaFile, userCertFile and userKeyFile name")]
    Client(String),
    /// The servers do not know this user, or it may not do what the log needs.
    #[error(
        "the server denies access: check user and password, and that this user may write streams and read $all, as members of $admins may"
    )]
    Denied,
    /// The server is too old.
    #[error(
        "the server is of release {0}.{1}, which does not tell where in the log an event stands: use 22.10 or newer"
    )]
    Release(usize, usize),
    /// There is no log to read.
    #[error("no log of open-chat was ever stored there: check the address")]
    NoLog,
    /// The server will not do what the log needs.
    #[error("the server refuses what the log needs ({0}): check that nothing else uses the stream open-chat-log")]
    Refused(String),
    /// The servers did not answer in time.
    #[error("not reached within {} s ({reason}): start the servers, or check the address, the network and tls=", .waited.as_secs())]
    Away {
        /// How long it was tried.
        waited: Duration,
        /// What the last try met.
        reason: String,
    },
}
