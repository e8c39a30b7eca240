//! The options of a connection, with the secrets read from their files.

use std::path::Path;
use std::time::Duration;

use async_nats::ConnectOptions;

use super::connection::ANSWER;
use super::open_error::OpenError;
use super::servers::Servers;
use super::settings::Settings;

/// Two of these without an answer end a connection.
const PING: Duration = Duration::from_secs(1);
/// Longest time for a server to take a connection.
const HANDSHAKE: Duration = Duration::from_secs(2);

/// The options of every connection, with the secrets read from their files.
pub(super) async fn of(settings: &Settings, servers: &Servers) -> Result<ConnectOptions, OpenError> {
    let mut options = servers
        .log_in(ConnectOptions::new())
        .name("open-chat")
        .ping_interval(PING)
        .connection_timeout(HANDSHAKE)
        .request_timeout(Some(ANSWER))
        .require_tls(servers.require_tls());
    if let Some(path) = &settings.credentials {
        const CONTENT: &str = "a JWT and an NKey seed, as `nsc generate creds` writes them";
        let text = read(path, CONTENT).await?;
        options = options.credentials(&text).map_err(|error| unusable(path, error.to_string(), CONTENT))?;
    }
    if let Some(path) = &settings.nkey_seed {
        const CONTENT: &str = "an NKey seed of a user, which begins with SU";
        let seed = read(path, CONTENT).await?.trim().to_owned();
        if !seed.starts_with("SU") {
            return Err(unusable(path, "it holds no seed of a user".into(), CONTENT));
        }
        options = options.nkey(seed);
    }
    if let Some(path) = &settings.ca {
        read(path, "certificates in PEM form").await?;
        options = options.add_root_certificates(path.clone());
    }
    if let Some((certificate, key)) = &settings.client_certificate {
        read(certificate, "a certificate in PEM form").await?;
        read(key, "a private key in PEM form").await?;
        options = options.add_client_certificate(certificate.clone(), key.clone());
    }
    Ok(options)
}

async fn read(path: &Path, content: &'static str) -> Result<String, OpenError> {
    let file = path.to_owned();
    let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(file)).await;
    read.unwrap_or_else(|error| Err(std::io::Error::other(error)))
        .map_err(|error| unusable(path, error.to_string(), content))
}

fn unusable(path: &Path, reason: String, content: &'static str) -> OpenError {
    OpenError::File { path: path.to_owned(), reason, content }
}
