//! Where an EventStoreDB is, as `EVENT_LOG` says it: `esdb://[user:password@]host[:port][,host…][?parameters]`, the vendor's connection
//! string; also `kurrentdb://`, the database's later name, and `esdb+discover://` for the name of a cluster.
//!
//! Architecture invariant: no problem and no text repeats what may be a part of a password.

use std::fmt;

use secrecy::ExposeSecret;

use super::place::{Kind, Login, Place, parse_entry};
use super::reader::list;

const KIND: Kind = Kind { port: 2113, login: "give user:password" };
const SCHEMES: [&str; 4] = ["esdb", "esdb+discover", "kurrentdb", "kurrentdb+discover"];
const ACCEPTED: &str = "give esdb://host[:port][,host…], and ?tls=false for connections that are not encrypted";
/// What the client understands. It passes over other words, and a misspelt `tlsVerifyCert` would go unnoticed.
const PARAMETERS: [&str; 10] = [
    "tls",
    "tlsVerifyCert",
    "tlsCaFile",
    "userCertFile",
    "userKeyFile",
    "maxDiscoverAttempts",
    "discoveryInterval",
    "gossipTimeout",
    "keepAliveInterval",
    "keepAliveTimeout",
];

/// The servers of one database.
#[derive(Debug, Clone)]
pub(crate) struct EventStoreAddress {
    scheme: &'static str,
    /// At least one.
    servers: Vec<Place>,
    /// Names and values as they were given, none of them secret.
    parameters: Vec<String>,
    login: Option<Login>,
}

impl EventStoreAddress {
    /// The login stands once, before the first server.
    ///
    /// # Errors
    /// What is wrong, and what is accepted.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").unwrap_or((text, ""));
        let scheme = SCHEMES.into_iter().find(|known| known.eq_ignore_ascii_case(scheme));
        let scheme = scheme.ok_or_else(|| format!("is not an address of EventStoreDB; {ACCEPTED}"))?;
        // A password may have a question mark, the servers' names cannot.
        let (servers, parameters) = match rest.rfind('?').filter(|at| rest[*at..].contains('=')) {
            Some(at) => (&rest[..at], parameters(&rest[at + 1..])?),
            None => (rest, vec![]),
        };
        let mut address = Self { scheme, servers: Vec::new(), parameters, login: None };
        for (index, entry) in list(servers).enumerate() {
            let (place, login) = parse_entry(entry, &KIND).map_err(|what| format!("server {} {what}", index + 1))?;
            address.servers.push(place);
            match login {
                None => {}
                Some((user, password)) if index == 0 => address.login = Some(Login { user, password: password.into() }),
                Some(_) => return Err("has a login in its midst; it stands once, before the first server".to_owned()),
            }
        }
        if address.servers.is_empty() {
            return Err(format!("names no server; {ACCEPTED}"));
        }
        Ok(address)
    }

    /// The connection string without the login, which its reader would take as it is written, percent signs included.
    pub(crate) fn without_login(&self) -> String {
        self.with("")
    }

    /// Who logs in: the user and the password.
    pub(crate) fn login(&self) -> Option<(String, String)> {
        let login = self.login.as_ref()?;
        Some((login.user.clone(), login.password.expose_secret().to_owned()))
    }

    fn with(&self, login: &str) -> String {
        let servers: Vec<String> = self.servers.iter().map(Place::to_string).collect();
        let parameters =
            if self.parameters.is_empty() { String::new() } else { format!("?{}", self.parameters.join("&")) };
        format!("{}://{login}{}{parameters}", self.scheme, servers.join(","))
    }
}

fn parameters(text: &str) -> Result<Vec<String>, String> {
    let known = |parameter: &str| {
        let (name, value) = parameter.split_once('=')?;
        let is_plain = !value.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '@' | '#' | ','));
        let name = PARAMETERS.into_iter().find(|known| known.eq_ignore_ascii_case(name))?;
        is_plain.then(|| format!("{name}={value}"))
    };
    let parameters = text.split('&').filter(|parameter| !parameter.is_empty());
    parameters
        .map(|parameter| {
            known(parameter)
                .ok_or_else(|| format!("has a parameter that is none; after the ? stand {}", PARAMETERS.join(", ")))
        })
        .collect()
}

impl fmt::Display for EventStoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.with(if self.login.is_some() { "***@" } else { "" }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> EventStoreAddress {
        EventStoreAddress::parse(text).unwrap()
    }

    #[test]
    fn servers_are_a_list_and_their_port_is_2113() {
        for (text, expected) in [
            ("esdb://localhost", "esdb://localhost:2113"),
            ("ESDB://a.example:2114/?TLS=false", "esdb://a.example:2114?tls=false"),
            ("kurrentdb://10.0.0.1, 10.0.0.2:1 ,", "kurrentdb://10.0.0.1:2113,10.0.0.2:1"),
            ("esdb+discover://cluster.example", "esdb+discover://cluster.example:2113"),
            ("esdb://a?tls=true&tlscafile=/etc/ca.pem", "esdb://a:2113?tls=true&tlsCaFile=/etc/ca.pem"),
        ] {
            assert_eq!(parsed(text).without_login(), expected);
        }
    }

    #[test]
    fn the_login_is_decoded_and_never_shown() {
        let address = parsed("esdb://us%40r:p%40ss%3Fx%3Dy@a,b?tls=false");
        assert_eq!(address.login(), Some(("us@r".into(), "p@ss?x=y".into())));
        assert_eq!(address.without_login(), "esdb://a:2113,b:2113?tls=false");
        assert_eq!(address.to_string(), "esdb://***@a:2113,b:2113?tls=false");
        assert!(!format!("{address:?}").contains("p@ss"));
        assert_eq!(parsed("esdb://a").login(), None);
    }

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        for (address, what) in [
            ("s3cret", "is not an address of EventStoreDB; give esdb://host[:port]"),
            ("esdb://", "names no server"),
            ("esdb://?tls=false", "names no server"),
            ("esdb://u:s3cret@", "server 1 is not"),
            ("esdb://a,u:s3cret@b", "has a login in its midst"),
            ("esdb://s3cret@a", "server 1 has a user without a password; give user:password"),
            ("esdb://u:s3?cret=1@a", "has a parameter that is none"),
            ("esdb://u:s3?tls=cret@a", "has a parameter that is none"),
            ("esdb://a?tlsVerifyCrt=false", "after the ? stand tls, tlsVerifyCert"),
            ("esdb://a?s3cret", "server 1 is not"),
            ("esdb://a/s3cret?tls=false", "server 1 is not"),
        ] {
            let problem = EventStoreAddress::parse(address).expect_err(address);
            assert!(problem.contains(what), "{address}: {problem}");
            assert!(!problem.contains("s3") && !problem.contains("cret") && !problem.contains('\n'), "{problem}");
        }
    }
}
