//! The connection to the servers. It repairs itself for as long as it is used; whether it stands is told at once.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, ConnectError, ConnectErrorKind, ConnectOptions, Event, ServerError, rustls};
use tokio::sync::watch;

use super::open_error::OpenError;
use super::servers::Servers;
use super::settings::Settings;

/// Two of these without an answer end a connection.
const PING: Duration = Duration::from_secs(1);
/// Longest time for a server to take a connection.
const HANDSHAKE: Duration = Duration::from_secs(2);
/// Longest time an answer is waited for, an acknowledgement as well.
pub(super) const ANSWER: Duration = Duration::from_secs(2);
/// Longest pause between two tries to connect again.
const RECONNECT: Duration = Duration::from_millis(250);

/// A connection, and what is known about it.
#[derive(Clone)]
pub(super) struct Connection {
    client: Client,
    link: Arc<Link>,
    servers: usize,
}

/// What the client library reports.
struct Link {
    /// Connections that were made or lost.
    changes: watch::Sender<u64>,
    forbidden: Mutex<Option<String>>,
}

impl Connection {
    /// Tries once, at every address.
    ///
    /// # Errors
    /// Why there is no connection, and whether that could change by itself.
    pub(super) async fn open(options: ConnectOptions, servers: &Servers) -> Result<Self, Failure> {
        let link = Arc::new(Link { changes: watch::Sender::new(0), forbidden: Mutex::default() });
        let heard = link.clone();
        let options = options.event_callback(move |event| {
            heard.hear(event);
            std::future::ready(())
        });
        let client = options.connect(servers.addresses()).await.map_err(Failure::of)?;
        Ok(Self { client, link, servers: servers.addresses().len() })
    }

    /// The library's own client.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Whether something sent now would go out. The library would keep it until the connection is back, however long that takes.
    pub(super) fn stands(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Changes with every connection that is lost or made.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.link.changes.subscribe()
    }

    /// Waits for an answer for as long as the connection stands over which it would come.
    pub(super) async fn unless_lost<T>(&self, answer: impl Future<Output = T>) -> Option<T> {
        let mut changes = self.changes();
        if !self.stands() {
            return None;
        }
        tokio::select! {
            biased;
            answer = answer => Some(answer),
            _ = changes.changed() => None,
        }
    }

    /// Whether there are other servers to connect to.
    pub(super) fn has_choice(&self) -> bool {
        self.servers > 1 || self.client.server_info().connect_urls.len() > 1
    }

    /// Lets go of this server, and connects to any.
    pub(super) async fn try_another(&self) {
        tracing::info!("connecting to another nats server");
        // Err: the client is closed.
        let _ = self.client.force_reconnect().await;
    }

    /// What the server forbade since this was asked last.
    pub(super) fn forbidden(&self) -> Option<String> {
        self.link.forbidden().take()
    }
}

impl Link {
    fn hear(&self, event: Event) {
        match event {
            Event::Connected | Event::Disconnected | Event::Closed => self.changes.send_modify(|changes| *changes += 1),
            Event::ServerError(ServerError::Other(error)) if error.to_lowercase().contains("permissions violation") => {
                tracing::warn!(%error, "nats server forbids a request");
                *self.forbidden() = Some(error);
            }
            Event::ServerError(error) => tracing::debug!(%error, "nats server reports an error"),
            other => tracing::debug!(event = %other, "nats connection"),
        }
    }

    fn forbidden(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.forbidden.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The options of every connection, with the secrets read from their files.
pub(super) async fn options(settings: &Settings, servers: &Servers) -> Result<ConnectOptions, OpenError> {
    let mut options = servers
        .log_in(ConnectOptions::new())
        .name("open-chat")
        .ping_interval(PING)
        .connection_timeout(HANDSHAKE)
        .request_timeout(Some(ANSWER))
        .reconnect_delay_callback(pause);
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
    read.unwrap_or_else(|error| Err(std::io::Error::other(error))).map_err(|error| unusable(path, error.to_string(), content))
}

fn unusable(path: &Path, reason: String, content: &'static str) -> OpenError {
    OpenError::File { path: path.to_owned(), reason, content }
}

/// At once, then a little later each time, and not in step with other replicas.
fn pause(attempt: usize) -> Duration {
    let most = RECONNECT.min(Duration::from_millis(20) * u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX));
    let random = uuid::Uuid::new_v4().as_bytes()[0];
    most.mul_f64(0.5 + f64::from(random) / 512.0)
}

/// Why a connection did not come about.
pub(super) enum Failure {
    /// It will be the same the next time.
    Lasting(OpenError),
    /// It may be different the next time.
    Passing(String),
}

impl Failure {
    fn of(error: ConnectError) -> Self {
        let text = error.to_string();
        match error.kind() {
            ConnectErrorKind::AuthorizationViolation => Self::Lasting(OpenError::Login(text)),
            ConnectErrorKind::Authentication => Self::Lasting(OpenError::Login(text)),
            ConnectErrorKind::Tls => Self::Lasting(OpenError::Tls(text)),
            _ if is_tls(&error) => Self::Lasting(OpenError::Tls(text)),
            _ => Self::Passing(text),
        }
    }
}

/// An error of TLS arrives as one of input and output.
fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.is::<rustls::Error>() || inner.is_some_and(|error| error.is::<rustls::Error>()) || error.source().is_some_and(is_tls)
}
