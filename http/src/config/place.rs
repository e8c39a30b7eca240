//! One server of a shared log, as `EVENT_LOG` says it: `[user:password@]host[:port]`.
//!
//! Architecture invariant: no problem repeats what may be a part of a password.

use std::fmt;

use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use url::{Host, Url};

/// A user and a password.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: SecretString,
}

/// A server of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    host: Host<String>,
    port: u16,
}

/// What servers of a kind have in common.
pub(super) struct Kind {
    /// The port of one whose port is not said.
    pub(super) port: u16,
    /// How a login is given.
    pub(super) login: &'static str,
}

/// `[user:password@]host[:port]`
pub(super) fn parse_entry(entry: &str, kind: &Kind) -> Result<(Place, Option<(String, String)>), String> {
    let not_a_server = || {
        "is not [user:password@]host[:port]; in a user or password write letters such as @ / : , % as %40 %2F %3A %2C %25"
            .to_owned()
    };
    // The parser would leave them out.
    if entry.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err(not_a_server());
    }
    let url = Url::parse(&format!("nats://{entry}")).map_err(|_| not_a_server())?;
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(not_a_server());
    }
    let host = url.host_str().and_then(|host| Host::parse(host).ok()).ok_or_else(not_a_server)?;
    let port = url.port().unwrap_or(kind.port);
    if port == 0 {
        return Err(not_a_server());
    }
    Ok((Place { host, port }, login(&url, kind.login)?))
}

fn login(url: &Url, how: &str) -> Result<Option<(String, String)>, String> {
    let plain = |text| {
        let decoded = percent_decode_str(text).decode_utf8();
        decoded.map(String::from).map_err(|_| "has a user or password that is not UTF-8 once decoded".to_owned())
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) => Err(format!("has a password without a user; {how}")),
        (_, None | Some("")) => Err(format!("has a user without a password; {how}")),
        (user, Some(password)) => Ok(Some((plain(user)?, plain(password)?))),
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}
