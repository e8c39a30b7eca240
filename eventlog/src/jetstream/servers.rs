//! The servers' addresses, without what must not be shown.

use std::fmt;

use async_nats::{ConnectOptions, ServerAddr};
use percent_encoding::percent_decode_str;
use url::Url;

use super::open_error::OpenError;

/// Addresses, and the login that was part of them. Only the addresses are ever printed.
pub(super) struct Servers {
    addresses: Vec<ServerAddr>,
    login: Option<Login>,
}

#[derive(PartialEq, Eq)]
enum Login {
    User { name: String, password: String },
    Token(String),
}

impl Servers {
    /// Takes the addresses apart. The client library would print them with the login, so it is given to it separately.
    pub(super) fn parse(servers: &[String]) -> Result<Self, OpenError> {
        let mut addresses = Vec::new();
        let mut login = None;
        for (number, server) in (1..).zip(servers) {
            let (address, found) = parse(server.trim()).ok_or(OpenError::Address(number))?;
            if number > 1 && found != login {
                return Err(OpenError::Logins);
            }
            login = found;
            addresses.push(address);
        }
        if addresses.is_empty() { Err(OpenError::Address(1)) } else { Ok(Self { addresses, login }) }
    }

    /// The addresses.
    pub(super) fn addresses(&self) -> &[ServerAddr] {
        &self.addresses
    }

    /// Whether every connection has to be encrypted, also to servers of the cluster that are found later.
    pub(super) fn require_tls(&self) -> bool {
        self.addresses.iter().any(ServerAddr::tls_required)
    }

    /// Adds the login to the options of a connection.
    pub(super) fn log_in(&self, options: ConnectOptions) -> ConnectOptions {
        match &self.login {
            Some(Login::User { name, password }) => options.user_and_password(name.clone(), password.clone()),
            Some(Login::Token(token)) => options.token(token.clone()),
            None => options,
        }
    }
}

impl fmt::Display for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, address) in self.addresses.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{}://{}:{}", address.scheme(), address.host(), address.port())?;
        }
        Ok(())
    }
}

fn parse(server: &str) -> Option<(ServerAddr, Option<Login>)> {
    let with_scheme = if server.contains("://") { server.to_owned() } else { format!("nats://{server}") };
    let mut url: Url = with_scheme.parse().ok()?;
    if !matches!(url.scheme(), "nats" | "tls") || url.host_str().is_none_or(str::is_empty) {
        return None;
    }
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().ok().map(String::from);
    let login = match (url.username(), url.password()) {
        ("", None) => None,
        (token, None) => Some(Login::Token(decoded(token)?)),
        (name, Some(password)) => Some(Login::User { name: decoded(name)?, password: decoded(password)? }),
    };
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    Some((ServerAddr::from_url(url).ok()?, login))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(urls: &[&str]) -> Result<Servers, OpenError> {
        Servers::parse(&urls.iter().map(|url| (*url).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_login_is_taken_out_of_the_address() {
        let found = servers(&["nats://chat:p%40ss@one:4222", "nats://chat:p%40ss@two"]).unwrap();
        assert_eq!(found.to_string(), "nats://one:4222,nats://two:4222");
        assert!(found.login == Some(Login::User { name: "chat".into(), password: "p@ss".into() }));
        assert!(found.addresses().iter().all(|address| !format!("{address:?}").contains("40ss")));

        let found = servers(&["tls://s3cret@one"]).unwrap();
        assert_eq!(found.to_string(), "tls://one:4222");
        assert!(found.login == Some(Login::Token("s3cret".into())));
    }

    #[test]
    fn what_is_wrong_with_an_address_is_said_without_showing_it() {
        for wrong in [&["nats://a", "http://chat:s3cret@b"][..], &["a", "nats://chat:s3cret@"]] {
            let error = servers(wrong).err().unwrap();
            assert!(matches!(error, OpenError::Address(2)), "{error}");
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
        assert!(matches!(servers(&["nats://a:b@c", "nats://d"]).err().unwrap(), OpenError::Logins));
        assert!(servers(&[]).is_err());
    }
}
