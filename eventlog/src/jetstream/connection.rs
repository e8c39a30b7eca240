//! The connection to the servers. It repairs itself for as long as it is used; whether it stands is told at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{
    Client, ClientError, ConnectError, ConnectErrorKind, ConnectOptions, Event, ReconnectToServer, Server, ServerError,
    rustls,
};
use tokio::sync::watch;
use uuid::Uuid;

use super::open_error::OpenError;
use super::servers::Servers;

/// Longest time an answer is waited for, an acknowledgement as well.
pub(super) const ANSWER: Duration = Duration::from_secs(2);
/// Longest pause between two tries to connect again.
const RECONNECT: Duration = Duration::from_millis(250);

/// A connection, and what is known about it.
#[derive(Clone)]
pub(super) struct Connection {
    client: Client,
    link: Arc<Link>,
}

/// What the client library reports, and which server it is to try.
struct Link {
    /// Connections that were made or lost.
    changes: watch::Sender<u64>,
    forbidden: Mutex<Option<String>>,
    /// What keeps it from connecting again.
    trouble: Mutex<Option<String>>,
    tries: AtomicUsize,
    /// In turn, from a random one on. The library would stay with the server that failed least, even one that is cut off
    /// from all others.
    turn: AtomicUsize,
}

impl Connection {
    /// Tries one of the servers; another one the next time.
    ///
    /// # Errors
    /// Why there is no connection, and whether that could change by itself.
    pub(super) async fn open(options: ConnectOptions, servers: &Servers, turn: usize) -> Result<Self, Failure> {
        let link = Arc::new(Link {
            changes: watch::Sender::new(0),
            forbidden: Mutex::default(),
            trouble: Mutex::default(),
            tries: AtomicUsize::new(0),
            turn: AtomicUsize::new(turn),
        });
        let (heard, chosen) = (link.clone(), link.clone());
        let options = options
            .event_callback(move |event| {
                heard.hear(event);
                std::future::ready(())
            })
            .reconnect_to_server_callback(move |servers, _| std::future::ready(chosen.choose(&servers)));
        let client = options.connect(servers.addresses()).await.map_err(|error| Failure::of(&error))?;
        Ok(Self { client, link })
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

    /// Lets go of this server, and connects to the next.
    pub(super) async fn try_another(&self) {
        // Err: the client is closed.
        let _ = self.client.force_reconnect().await;
    }

    /// What the server forbade since this was asked last.
    pub(super) fn forbidden(&self) -> Option<String> {
        lock(&self.link.forbidden).take()
    }
}

impl Link {
    fn hear(&self, event: Event) {
        match event {
            Event::Connected | Event::Disconnected | Event::Closed => {
                self.tries.store(0, Ordering::Relaxed);
                *lock(&self.trouble) = None;
                self.changes.send_modify(|changes| *changes += 1);
            }
            Event::ServerError(ServerError::Other(error)) if error.to_lowercase().contains("permissions violation") => {
                tracing::warn!(%error, "nats server forbids a request");
                *lock(&self.forbidden) = Some(error);
            }
            Event::ClientError(ClientError::Other(error)) => {
                let mut trouble = lock(&self.trouble);
                if trouble.as_ref() != Some(&error) {
                    tracing::warn!(%error, "no connection to a nats server");
                    *trouble = Some(error);
                }
            }
            other => tracing::debug!(event = %other, "nats connection"),
        }
    }

    fn choose(&self, servers: &[Server]) -> Option<ReconnectToServer> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let tries = self.tries.fetch_add(1, Ordering::Relaxed);
        let server = servers.get(turn % servers.len().max(1))?;
        Some(ReconnectToServer { addr: server.addr.clone(), delay: Some(pause(tries)) })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// None at first, then a little more each time, and not in step with other replicas.
fn pause(tries: usize) -> Duration {
    let most = RECONNECT.min(Duration::from_millis(20) * u32::try_from(tries).unwrap_or(u32::MAX));
    most.mul_f64(0.5 + f64::from(Uuid::new_v4().as_bytes()[0]) / 512.0)
}

/// Why a connection did not come about.
pub(super) enum Failure {
    /// It will be the same the next time.
    Lasting(OpenError),
    /// It may be different the next time.
    Passing(String),
}

impl Failure {
    fn of(error: &ConnectError) -> Self {
        let text = error.to_string();
        match error.kind() {
            ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
                Self::Lasting(OpenError::Login(text))
            }
            ConnectErrorKind::Tls => Self::Lasting(OpenError::Tls(text)),
            _ if is_tls(error) => Self::Lasting(OpenError::Tls(text)),
            _ => Self::Passing(text),
        }
    }
}

/// An error of TLS arrives as one of input and output.
fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.is::<rustls::Error>()
        || inner.is_some_and(|error| error.is::<rustls::Error>())
        || error.source().is_some_and(is_tls)
}
