//! What can keep the log from being opened, and what to do about it.

use std::path::PathBuf;
use std::time::Duration;

/// Why the log was not opened. The message goes on from the servers' addresses, which the caller knows. It never holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address with this number, counted from 1, is none.
    #[error(
        "address {0} is not one of a NATS server: write nats://[user:password@]host[:port], or tls:// instead of nats://"
    )]
    Address(usize),
    /// The addresses name different users.
    #[error("the addresses have different logins: give every one of them the same user and password, or none")]
    Logins,
    /// The stream's name cannot be one.
    #[error("`{0}` cannot be a stream's name: use letters, digits, - and _ only")]
    Name(String),
    /// A file with credentials or certificates cannot be used.
    #[error("{path} cannot be used ({reason}): check the path, this user's right to read it, and that it holds {content}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What went wrong with it.
        reason: String,
        /// What it should hold.
        content: &'static str,
    },
    /// The servers do not know this user.
    #[error(
        "the server refuses the login ({0}): check user and password or token in the address, or the credentials file"
    )]
    Login(String),
    /// The user may not do what the log needs.
    #[error("the server forbids what the log needs ({0}): give this user the permissions of deploy/nats/")]
    Forbidden(String),
    /// No encrypted connection came about.
    #[error(
        "TLS fails ({0}): check the CA file, the server's certificate and its host name, and the client certificate if the server asks for one"
    )]
    Tls(String),
    /// The server, or this user's account, has no JetStream.
    #[error(
        "JetStream is not enabled for this account ({0}): start the server with a `jetstream` block and enable it for the account"
    )]
    NoJetStream(String),
    /// The stream cannot be created.
    #[error(
        "stream {stream} cannot be created ({reason}): free what is missing, or create the stream as deploy/nats/ describes"
    )]
    Creation {
        /// The stream's name.
        stream: String,
        /// The server's words.
        reason: String,
    },
    /// There is no stream to read.
    #[error("there is no stream {0}, so nothing was ever stored there: check the address and the account")]
    NoStream(String),
    /// There is a stream of this name that would not keep the log's promises.
    #[error(
        "stream {stream} exists, but does not do for the log: {differences}. Correct it with `nats stream edit {stream}`, or let open-chat create a stream of another name"
    )]
    Stream {
        /// The stream's name.
        stream: String,
        /// What was found and what is needed, for each setting that differs.
        differences: String,
    },
    /// The servers did not answer in time.
    #[error("not reached within {} s ({reason}): start the servers, or check the addresses and the network", .waited.as_secs())]
    Away {
        /// How long it was tried.
        waited: Duration,
        /// What the last try met.
        reason: String,
    },
}
