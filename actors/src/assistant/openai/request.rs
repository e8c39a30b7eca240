//! The request: what is asked, how it is sent, and which responses are not even read.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chat_schema::Role;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response, StatusCode, Url};
use serde::Serialize;
use thread_local::ThreadLocal;
use tokio::time::Instant;

use super::fault::{Fault, causes};
use super::settings::{InvalidOpenAiSettings, OpenAiSettings};
use crate::assistant::PromptMessage;
use crate::metrics::METRICS;

/// How often an HTTP/2 connection is tested, so that a dead one is noticed before a visitor waits on it.
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// How long the answer to such a test may take.
const PING_PATIENCE: Duration = Duration::from_secs(10);
/// Within which time a request fails that went out on a connection the server had closed. One that fails later may have been worked
/// on, and paid for.
const STALE_SHOWS_WITHIN: Duration = Duration::from_secs(1);
/// Most bytes of a refusal that are searched.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;

/// The server and how it is asked.
#[derive(Debug)]
pub(super) struct Upstream {
    /// One for each thread: a connection is driven by the thread that opened it, and a token that comes on another's would have to
    /// wake that first.
    clients: ThreadLocal<Client>,
    /// Keeps no connection, so that each of its requests has a new one. Serves also threads for which no client can be made, as when
    /// the machine's CA certificates are gone by then.
    fresh: Client,
    settings: ClientSettings,
    endpoint: Url,
    pub(super) model: String,
    system_prompt: String,
    asks_usage: AtomicBool,
}

/// What the clients have in common.
#[derive(Debug)]
struct ClientSettings {
    authorization: Option<HeaderValue>,
    connect_timeout: Duration,
    system_proxy: bool,
    /// Whether the server is spoken to without TLS.
    is_plain: bool,
}

impl ClientSettings {
    fn builder(&self) -> ClientBuilder {
        let mut headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("text/event-stream"))]);
        headers.extend(self.authorization.clone().map(|value| (AUTHORIZATION, value)));
        let mut client = Client::builder()
            .user_agent(concat!("open-chat/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .redirect(Policy::none())
            .connect_timeout(self.connect_timeout)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(PING_INTERVAL)
            .http2_keep_alive_timeout(PING_PATIENCE);
        if !self.system_proxy {
            client = client.no_proxy();
        }
        if self.is_plain {
            // A machine without CA certificates can still talk to a model on its own network.
            client = client.tls_certs_only([]);
        }
        client
    }
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    messages: Vec<Message<'a>>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

impl Upstream {
    pub(super) fn new(settings: OpenAiSettings) -> Result<Self, InvalidOpenAiSettings> {
        let endpoint = settings.endpoint()?;
        let for_clients = ClientSettings {
            authorization: settings.authorization()?,
            connect_timeout: settings.connect_timeout,
            system_proxy: settings.system_proxy,
            is_plain: endpoint.scheme() == "http",
        };
        let fresh = for_clients.builder().pool_max_idle_per_host(0).build().map_err(InvalidOpenAiSettings::Client)?;
        let OpenAiSettings { model, system_prompt, .. } = settings;
        Ok(Self {
            clients: ThreadLocal::new(),
            fresh,
            settings: for_clients,
            endpoint,
            model,
            system_prompt,
            asks_usage: AtomicBool::new(true),
        })
    }

    /// A response whose body is a stream of events. Some servers refuse requests that ask for the usage; such a request is sent
    /// again without, and once that helped, no further one asks.
    pub(super) async fn ask(&self, history: &[PromptMessage]) -> Result<Response, Fault> {
        let asks_usage = self.asks_usage.load(Ordering::Relaxed);
        let mut response = self.send(history, asks_usage).await?;
        if asks_usage && refuses_usage(&mut response).await {
            response = self.send(history, false).await?;
            if response.status().is_success() {
                self.asks_usage.store(false, Ordering::Relaxed);
                tracing::info!("upstream refuses stream_options, answers come without usage from now on");
            }
        }
        check(response)
    }

    async fn send(&self, history: &[PromptMessage], asks_usage: bool) -> Result<Response, Fault> {
        let system = Message { role: "system", content: &self.system_prompt };
        let system = (!self.system_prompt.is_empty()).then_some(system);
        let said = history.iter().map(|message| Message { role: role(message.role), content: &message.content });
        let body = Body {
            model: &self.model,
            stream: true,
            stream_options: asks_usage.then_some(StreamOptions { include_usage: true }),
            messages: system.into_iter().chain(said).collect(),
        };
        let client = self.clients.get_or(|| self.settings.builder().build().unwrap_or_else(|_| self.fresh.clone()));
        let began = Instant::now();
        let mut response = self.post(client, &body).await.map_err(Fault::transport);
        if let Err(Fault::Transport(error)) = &response
            && is_hang_up(error)
            && began.elapsed() < STALE_SHOWS_WITHIN
        {
            tracing::info!(error = %causes(error), "no response from the upstream, asking once more on a new connection");
            response = self.post(&self.fresh, &body).await.map_err(Fault::transport);
        }
        match &response {
            Ok(response) => METRICS.upstream_answered(response.status().as_u16()),
            Err(Fault::Transport(error)) if error.is_timeout() => METRICS.upstream_timed_out(),
            Err(_) => METRICS.upstream_unreachable(),
        }
        response
    }

    async fn post(&self, client: &Client, body: &Body<'_>) -> reqwest::Result<Response> {
        client.post(self.endpoint.clone()).json(body).send().await
    }
}

/// Whether there was a connection, and no response came of it: mostly it was one that had been kept, and the server closed it.
fn is_hang_up(error: &reqwest::Error) -> bool {
    error.is_request() && !error.is_connect() && !error.is_timeout()
}

fn role(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

/// Whether the request was refused, and the refusal names the option.
async fn refuses_usage(response: &mut Response) -> bool {
    if !matches!(response.status(), StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY) {
        return false;
    }
    let mut refusal = Vec::new();
    while let Ok(Some(bytes)) = response.chunk().await {
        refusal.extend_from_slice(&bytes);
        if refusal.len() > MAX_REFUSAL_BYTES {
            break;
        }
    }
    refusal.windows(b"stream_options".len()).any(|window| window == b"stream_options")
}

fn check(response: Response) -> Result<Response, Fault> {
    let header = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if !response.status().is_success() {
        let retry_after_s = header(RETRY_AFTER).and_then(|seconds| seconds.trim().parse().ok());
        return Err(Fault::Refused { status: response.status().as_u16(), retry_after_s });
    }
    let media_type = header(CONTENT_TYPE).and_then(|value| value.split(';').next()).unwrap_or_default();
    if media_type.trim().eq_ignore_ascii_case("application/json") {
        return Err(Fault::NotStreamed);
    }
    Ok(response)
}
