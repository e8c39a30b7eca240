//! Where the servers of JetStream are, as `EVENT_LOG` says it: `nats://[user:password@]host[:port][,host…]`.
//!
//! Architecture invariant: no problem and no text repeats what may be a part of a password.

use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret;

use super::place::{Kind, Login, Place, parse_entry};
use super::reader::list;

const KIND: Kind = Kind { port: 4222, login: "give user:password, or NATS_USER and NATS_PASSWORD" };
const ACCEPTED: &str = "give nats://host[:port][,host…], or tls:// for encrypted connections";

/// The servers of one log, which all know the same users.
#[derive(Debug, Clone)]
pub(crate) struct NatsAddress {
    scheme: Scheme,
    /// At least one.
    servers: Vec<Place>,
    /// Who logs in, when the address says so.
    pub(super) login: Option<Login>,
}

/// How connections begin. A server may demand TLS of `nats://` too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Nats,
    Tls,
}

impl NatsAddress {
    /// Every server may repeat the scheme, and the user with the password; what is said more than once must be the same.
    ///
    /// # Errors
    /// What is wrong, and what is accepted.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = Scheme::split(text).ok_or_else(|| format!("is not an address of NATS; {ACCEPTED}"))?;
        let mut address = Self { scheme, servers: Vec::new(), login: None };
        let mut logins: Vec<(String, String)> = Vec::new();
        for (index, entry) in list(rest).enumerate() {
            let entry = match Scheme::split(entry) {
                None => entry,
                Some((repeated, rest)) if repeated == scheme => rest,
                Some(_) => return Err("mixes nats:// and tls://; give one of them for all servers".to_owned()),
            };
            let (place, login) = parse_entry(entry, &KIND).map_err(|what| format!("server {} {what}", index + 1))?;
            address.servers.push(place);
            logins.extend(login.filter(|login| !logins.contains(login)));
        }
        if address.servers.is_empty() {
            return Err(format!("names no server; {ACCEPTED}"));
        }
        if logins.len() > 1 {
            return Err("names different users or passwords; the servers of one log know the same".to_owned());
        }
        address.login = logins.pop().map(|(user, password)| Login { user, password: password.into() });
        Ok(address)
    }

    /// The address of each server, with this login in it.
    pub(super) fn urls(&self, login: Option<&Login>) -> impl Iterator<Item = String> {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let login = login.map_or_else(String::new, |Login { user, password }| {
            format!("{}:{}@", encode(user), encode(password.expose_secret()))
        });
        self.servers.iter().map(move |server| format!("{}{login}{server}", self.scheme))
    }
}

impl Scheme {
    fn split(text: &str) -> Option<(Self, &str)> {
        let (scheme, rest) = text.split_once("://")?;
        match scheme.to_ascii_lowercase().as_str() {
            "nats" => Some((Self::Nats, rest)),
            "tls" => Some((Self::Tls, rest)),
            _ => None,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nats => "nats://",
            Self::Tls => "tls://",
        })
    }
}

impl fmt::Display for NatsAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: Vec<String> = self.servers.iter().map(Place::to_string).collect();
        let login = if self.login.is_some() { "***@" } else { "" };
        write!(f, "{}{login}{}", self.scheme, servers.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(text: &str) -> Vec<String> {
        NatsAddress::parse(text).unwrap().urls(None).collect()
    }

    fn login_of(text: &str) -> Option<(String, String)> {
        let login = NatsAddress::parse(text).unwrap().login?;
        Some((login.user, login.password.expose_secret().to_owned()))
    }

    #[test]
    fn servers_are_a_list_and_their_port_is_4222() {
        assert_eq!(urls("nats://localhost"), ["nats://localhost:4222"]);
        assert_eq!(urls("tls://a.example,b.example:4223/"), ["tls://a.example:4222", "tls://b.example:4223"]);
        assert_eq!(urls("nats://10.0.0.1, 10.0.0.2 ,"), ["nats://10.0.0.1:4222", "nats://10.0.0.2:4222"]);
        assert_eq!(urls("NATS://a,nats://b:1"), ["nats://a:4222", "nats://b:1"]);
        assert_eq!(urls("nats://[::1]:4333,[2001:db8::2]"), ["nats://[::1]:4333", "nats://[2001:db8::2]:4222"]);
    }

    #[test]
    fn user_and_password_stand_once_or_at_each_server() {
        let login = Some(("chat".to_owned(), "p@ss,w:rd/%".to_owned()));
        let given = "chat:p%40ss%2Cw%3Ard%2F%25";
        assert_eq!(login_of(&format!("nats://{given}@a,b")), login);
        assert_eq!(login_of(&format!("nats://a,{given}@b")), login);
        assert_eq!(login_of(&format!("nats://{given}@a,nats://{given}@b")), login);
        assert_eq!(login_of("nats://a,b"), None);
    }

    #[test]
    fn the_password_is_never_shown_and_neither_is_the_user() {
        let address = NatsAddress::parse("nats://us3r:s3cret@a,b").unwrap();
        assert_eq!(address.to_string(), "nats://***@a:4222,b:4222");
        let shown = format!("{address} {address:?} {address:#?}");
        assert!(!shown.contains("s3cret"), "{shown}");
    }

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        const SERVER: &str = "is not [user:password@]host[:port]";
        for (address, what) in [
            ("s3cret", "is not an address of NATS; give nats://host[:port][,host…]"),
            ("ws://s3cret@a", "is not an address of NATS"),
            ("nats://", "names no server"),
            ("nats://,", "names no server"),
            ("nats://u:s3cret@", SERVER),
            ("nats://a,u:s3cret@:4222", "server 2 is not"),
            ("nats://a:0", SERVER),
            ("nats://a:65536", SERVER),
            ("nats://u:s3cret,@a", SERVER),
            ("nats://u:s3/cret@a", SERVER),
            ("nats://u:s3#cret@a", SERVER),
            ("nats://u:s3?cret@a", SERVER),
            ("nats://u:s3 cret@a", SERVER),
            ("nats://a b", SERVER),
            ("nats://a\tb", SERVER),
            ("nats://a/s3cret", SERVER),
            ("nats://a?s3cret", SERVER),
            ("nats://[::1", SERVER),
            ("nats://::1", SERVER),
            ("nats://a%20b", SERVER),
            ("nats://s3cret@a", "server 1 has a user without a password; give user:password"),
            ("nats://u:@a", "has a user without a password"),
            ("nats://:s3cret@a", "has a password without a user"),
            ("nats://u:s3cret%ff@a", "is not UTF-8"),
            ("nats://u:s3cret@a,u:s3cret2@b", "names different users or passwords"),
            ("nats://u:s3cret@a,tls://b", "mixes nats:// and tls://"),
            ("nats://a,http://b", SERVER),
        ] {
            let problem = NatsAddress::parse(address).expect_err(address);
            assert!(problem.contains(what), "{address}: {problem}");
            assert!(!problem.contains("s3") && !problem.contains("cret") && !problem.contains('\n'), "{problem}");
        }
    }
}
