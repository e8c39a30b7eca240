//! The client to the servers. One that lost its servers gives up for good, or stays with a server that is gone: it is replaced.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eventstore::{Client, ClientSettings, Credentials};
use tokio::runtime::Handle;

use super::open_error::OpenError;
use super::settings::Settings;

/// Longest time an answer is waited for, an acknowledgement as well.
pub(super) const ANSWER: Duration = Duration::from_secs(2);
/// Every request is for the leader, so the client should begin with it.
const LEADER: &str = "nodePreference=leader";

/// A client that can be replaced. Clones share it.
#[derive(Clone)]
pub(super) struct Connection(Arc<Shared>);

struct Shared {
    settings: ClientSettings,
    login: Option<Credentials>,
    runtime: Handle,
    client: Mutex<Client>,
}

impl Connection {
    /// A client, which connects with its first request.
    ///
    /// # Errors
    /// The settings are wrong.
    pub(super) async fn new(settings: &Settings) -> Result<Self, OpenError> {
        let separator = if settings.address.contains('?') { '&' } else { '?' };
        let parsed: Result<ClientSettings, _> = format!("{}{separator}{LEADER}", settings.address).parse();
        let parsed = parsed.map_err(|error| OpenError::Address(error.message().to_owned()))?;
        let login = settings.login.as_ref().map(|login| Credentials::new(login.user.clone(), login.password.clone()));
        let runtime = Handle::current();
        let client = make(&runtime, &parsed).await.map_err(OpenError::Client)?;
        Ok(Self(Arc::new(Shared { settings: parsed, login, runtime, client: Mutex::new(client) })))
    }

    /// The client of now.
    pub(super) fn client(&self) -> Client {
        self.0.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Who logs in. The client would take a login from its connection string as it is written, percent signs included.
    pub(super) fn login(&self) -> Option<&Credentials> {
        self.0.login.as_ref()
    }

    /// The runtime that drives the connection.
    pub(super) fn runtime(&self) -> &Handle {
        &self.0.runtime
    }

    /// Begins anew: looks for the servers, and among them for the leader.
    pub(super) async fn renew(&self) {
        match make(&self.0.runtime, &self.0.settings).await {
            Ok(client) => *self.0.client.lock().unwrap_or_else(PoisonError::into_inner) = client,
            Err(reason) => tracing::debug!(%reason, "a new client of the event log could not be made"),
        }
    }
}

/// Reads certificates from files.
async fn make(runtime: &Handle, settings: &ClientSettings) -> Result<Client, String> {
    let (runtime, settings) = (runtime.clone(), settings.clone());
    let made = tokio::task::spawn_blocking(move || Client::with_runtime_handle(runtime, settings)).await;
    made.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}
