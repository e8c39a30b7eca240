//! Whether the server will get its port, asked before a long build rather than after it.

use std::io::ErrorKind;
use std::net::TcpListener;

use anyhow::{Context, Result, bail};

const HOST: &str = "127.0.0.1";
const PORT: u16 = 4000;

/// Stops with a remedy when the port that the server will bind is taken or not allowed.
pub(crate) fn require_free() -> Result<()> {
    let port = setting("PORT").map_or(Ok(PORT), |value| parse(&value))?;
    let host = setting("HOST").unwrap_or_else(|| HOST.to_owned());
    // Anything else is for the server to explain.
    match TcpListener::bind((host.as_str(), port)).map_err(|error| error.kind()) {
        Err(ErrorKind::AddrInUse) => bail!(
            "Port {port} is in use: stop the other program, or start with PORT={} cargo xtask run.",
            another(port)
        ),
        Err(ErrorKind::PermissionDenied) => {
            bail!("Port {port} needs more rights than you have: start with PORT={} cargo xtask run.", another(port))
        }
        _ => Ok(()),
    }
}

/// A variable, from where the server takes it: the environment first, then `.env`.
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().or_else(|| {
        let entries = dotenvy::from_path_iter(".env").ok()?;
        entries.flatten().find_map(|(key, value)| (key == name).then_some(value))
    })
}

fn parse(value: &str) -> Result<u16> {
    value.trim().parse().ok().with_context(|| format!("PORT is `{value}`: set it to a number from 0 to 65535"))
}

fn another(port: u16) -> u16 {
    if (1024..u16::MAX).contains(&port) { port + 1 } else { PORT + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_no_number_is_refused_with_what_is_accepted() {
        assert_eq!(parse(" 4100 ").unwrap(), 4100);
        let refusal = parse("http").unwrap_err();
        assert_eq!(refusal.to_string(), "PORT is `http`: set it to a number from 0 to 65535");
    }

    #[test]
    fn the_port_offered_instead_is_one_that_everybody_may_bind() {
        assert_eq!(another(4000), 4001);
        assert_eq!(another(80), 4001);
        assert_eq!(another(65535), 4001);
    }
}
