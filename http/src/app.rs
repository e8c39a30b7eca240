//! What the handlers share.

use std::ops::Deref;
use std::sync::Arc;

use actix_web::{HttpRequest, web};
use chat_actors::{Registry, Services};
use chat_eventlog::EventLog;
use chat_projections::ReadModels;
use tokio::sync::Semaphore;

use crate::about::About;
use crate::client_address::{ClientAddresses, LimitKey};
use crate::config::{Origin, Origins};
use crate::dashboard::{Files, Sessions};
use crate::drain::Drain;
use crate::keys::Key;
use crate::pages::Pages;
use crate::rate_limit::RateLimiter;
use crate::widget::Bundles;

/// The shared state; cheap to clone.
#[derive(Clone)]
pub(crate) struct App(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) production: bool,
    /// Whether spans are exported.
    pub(crate) traced: bool,
    /// Whether errors tell what is wrong with each field, and `/demo` is served.
    pub(crate) development: bool,
    pub(crate) widget_key: Key,
    pub(crate) admin_key: Option<Key>,
    /// As the script tag has it.
    pub(crate) widget_key_text: String,
    /// Of the dashboard; `None` where it is off.
    pub(crate) sessions: Option<Sessions>,
    pub(crate) origins: Origins,
    /// Of this server's own pages.
    pub(crate) own_origins: Vec<Origin>,
    pub(crate) client_addresses: ClientAddresses,
    /// Messages a client may send.
    pub(crate) messages: RateLimiter,
    /// Times a client may attach to messages it sent before.
    pub(crate) attaches: RateLimiter,
    /// Wrong admin keys a client may try.
    pub(crate) wrong_keys: RateLimiter,
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) services: Arc<Services>,
    pub(crate) registry: Registry,
    pub(crate) models: Arc<ReadModels>,
    /// Places for live feeds.
    pub(crate) feeds: Arc<Semaphore>,
    pub(crate) drain: Drain,
    pub(crate) bundles: Bundles,
    pub(crate) pages: Pages,
    pub(crate) dashboard_files: Files,
    /// What `GET /v1/admin/system` tells that does not change.
    pub(crate) about: About,
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl App {
    /// The state of the server that got `request`.
    pub(crate) fn of(request: &HttpRequest) -> &Self {
        request.app_data::<State>().expect("routes::server puts the state into every server")
    }

    /// Whom the limits count `request` for.
    pub(crate) fn client(&self, request: &HttpRequest) -> LimitKey {
        let forwarded = request.headers().get_all("x-forwarded-for");
        // A connection without an address is a Unix socket's or a test's: all of these count as one.
        let peer = request.peer_addr().map_or(std::net::IpAddr::from([0, 0, 0, 0]), |peer| peer.ip());
        LimitKey::from(self.client_addresses.of(peer, forwarded))
    }
}

/// How handlers take the state.
pub(crate) type State = web::ThinData<App>;
