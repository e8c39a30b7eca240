//! Wires everything together. The only place that names a concrete log.

use std::io::{self, ErrorKind, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::http::KeepAlive;
use actix_web::rt::net::TcpStream;
use anyhow::{Context, anyhow};
use chat_actors::{Registry, Services, Settings};
use chat_eventlog::archive::Archive;
use chat_eventlog::embedded::{EmbeddedArchive, EmbeddedLog};
#[cfg(feature = "eventstore")]
use chat_eventlog::eventstore::{self, EventStoreArchive, EventStoreLog};
use chat_eventlog::jetstream::{self, JetStreamArchive, JetStreamLog};
use chat_eventlog::{Bus, EventLog};
use chat_projections::ReadModels;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use crate::abandoned;
use crate::about::{self, About};
use crate::admin::MAX_FEEDS;
use crate::app::{App, Shared};
use crate::assistant::assistant;
use crate::client_address::ClientAddresses;
#[cfg(feature = "eventstore")]
use crate::config::EventStoreAddress;
use crate::config::{Config, EventLogAddress, Identity, NatsAccess, NatsAddress, Storage};
use crate::dashboard::{Files, Sessions, follow_sign_outs, session_secrets};
use crate::drain::Drain;
use crate::keys::Key;
use crate::pages::{Pages, script_tag};
use crate::rate_limit::RateLimiter;
use crate::traces::{TracedAssistant, TracedLog};
use crate::widget::Bundles;
use crate::{metrics, retention, routes};

/// Longest time the head of a request may take.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);
/// How long an idle connection is kept: longer than the 60 s of common load balancers, so that they close it first.
const KEEP_ALIVE: Duration = Duration::from_secs(65);
/// How long a client may leave sent bytes unread before the kernel ends the connection.
const UNREAD_DEADLINE: Duration = Duration::from_secs(30);
/// Time for the last short responses once every answer was delivered, in seconds.
const LAST_RESPONSES: u64 = 2;
/// Time for the log to put its files in order at the end.
const LAST_WRITES: Duration = Duration::from_secs(5);
/// The stream of the log on JetStream.
const STREAM: &str = "open-chat";
/// How long the servers of a shared log may take to be there.
const LOG_PATIENCE: Duration = Duration::from_secs(30);
/// What an event holds besides an answer's text, in bytes, generously.
const AROUND_AN_ANSWER: usize = 4096;
/// Attaches to known messages a client gets in a window, for each message it may send.
const ATTACHES_A_MESSAGE: u32 = 4;

/// Serves until the process is asked to stop, then lets running answers finish.
pub(crate) async fn serve(config: Config) -> anyhow::Result<()> {
    prepare_process()?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    if !config.ignored.is_empty() {
        tracing::info!("ignored variables of another product: {}", config.ignored.join(", "));
    }
    let listener = bind(&config)?;
    let address = listener.local_addr()?;
    let metrics_listener = config.telemetry.metrics.map(metrics::bind).transpose()?;
    let mut stop = Box::pin(asked_to_stop()?);
    let (log, bus) = tokio::select! {
        opened = open_log(&config) => opened?,
        () = &mut stop => {
            tracing::info!("stopped before the event log was reached");
            return Ok(());
        }
    };
    let models = ReadModels::open(&config.storage.read_models, log.identity())
        .with_context(|| format!("READ_MODELS={}", config.storage.read_models.display()))?;
    let models = Arc::new(models);
    actix_web::rt::spawn(Arc::clone(&models).follow(Arc::clone(&log)));
    let end = log.end().await.with_context(|| format!("EVENT_LOG={}", config.storage.event_log))?;
    let (shared, closing) = (bus.is_some(), Arc::clone(&log));
    let app = app(&config, Arc::clone(&log), bus, models, address.port())?;
    // What a process before this one acknowledged, the first read must see too.
    app.services.acknowledge(end);
    if let Some(sessions) = &app.sessions {
        sessions
            .recall(&app.services)
            .await
            .map_err(|_| anyhow!("EVENT_LOG={}: what operators did cannot be read", config.storage.event_log))?;
        if shared {
            actix_web::rt::spawn(follow_sign_outs(app.clone(), log, end));
        }
    }
    actix_web::rt::spawn(app.registry.clone().live_among_peers());
    app.services.join().await;
    actix_web::rt::spawn(app.registry.clone().finish_erasures());
    if let Some(age) = config.storage.retention {
        actix_web::rt::spawn(retention::retain(app.clone(), age));
    }
    actix_web::rt::spawn(abandoned::close_turns(Arc::clone(&app.models), app.registry.clone()));

    let metrics = metrics_listener.map(|listener| metrics::serve(app.clone(), listener)).transpose()?;
    let serving = app.clone();
    let server = HttpServer::new(move || routes::server(serving.clone()))
        .tcp_nodelay(true)
        .keep_alive(KeepAlive::Timeout(KEEP_ALIVE))
        .client_request_timeout(HEAD_DEADLINE)
        .on_connect(|connection, _| end_when_unread(connection))
        .disable_signals()
        .shutdown_timeout(LAST_RESPONSES)
        .listen(listener)?
        .run();
    announce(&config, address, app.sessions.is_some());

    let handle = server.handle();
    let shutdown_timeout = config.server.shutdown_timeout;
    actix_web::rt::spawn(async move {
        stop.await;
        tracing::info!("stopping: letting running answers finish");
        tokio::select! {
            () = app.drain.drain(&app.services, shutdown_timeout) => {}
            () = async { if let Ok(again) = asked_to_stop() { again.await } } => tracing::warn!("stopping at once"),
        }
        app.services.leave().await;
        handle.stop(true).await;
        if let Some(metrics) = metrics {
            metrics.stop(false).await;
        }
    });
    server.await?;
    if timeout(LAST_WRITES, closing.close()).await.is_err() {
        tracing::warn!("event log's disk does not answer: copy all of its files, if you copy it");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Limits and signals of the whole process.
fn prepare_process() -> anyhow::Result<()> {
    // The log meets a file-size limit as an I/O error; without a handler the signal that comes with it ends the process.
    const SIGXFSZ: i32 = 25;
    drop(signal(SignalKind::from_raw(SIGXFSZ))?);
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
    use_ring();
    Ok(())
}

/// The one provider of TLS for the whole process.
pub(crate) fn use_ring() {
    // Fails only if one is installed already, which then serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn bind(config: &Config) -> anyhow::Result<TcpListener> {
    let address = SocketAddr::new(config.server.host, config.server.port);
    TcpListener::bind(address).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            anyhow!("port {} is in use: stop the other program, or start with another PORT", address.port())
        }
        ErrorKind::PermissionDenied => {
            anyhow!("port {} needs more rights than this user has: choose a PORT above 1023", address.port())
        }
        ErrorKind::AddrNotAvailable => anyhow!("{} is not an address of this machine: set HOST", address.ip()),
        _ => anyhow!("cannot listen on {address}: {error}"),
    })
}

/// The log, and the bus between the processes that share it.
pub(crate) async fn open_log(config: &Config) -> anyhow::Result<(Arc<dyn EventLog>, Option<Arc<dyn Bus>>)> {
    let address = &config.storage.event_log;
    let named = || format!("EVENT_LOG={address}");
    match address {
        EventLogAddress::Embedded(directory) => {
            let log = EmbeddedLog::open(directory).with_context(named)?;
            Ok((Arc::new(log), None))
        }
        EventLogAddress::Nats(servers) => {
            let settings = jetstream_settings(servers, &config.storage.nats);
            let log = JetStreamLog::open(settings).await.with_context(named)?;
            tell(log.warnings().iter().cloned(), config);
            tell_too_small(log.max_event_bytes(), "max_payload of the NATS servers", config);
            let bus = log.bus();
            Ok((Arc::new(log), Some(bus)))
        }
        #[cfg(feature = "eventstore")]
        EventLogAddress::EventStore(servers) => {
            let log = EventStoreLog::open(eventstore_settings(servers)).await.with_context(named)?;
            tell_too_small(log.max_event_bytes(), "MaxAppendSize of the servers", config);
            let bus = log.bus();
            Ok((Arc::new(log), Some(bus)))
        }
    }
}

/// The log, for reading as it is stored, beside whoever serves from it.
pub(crate) async fn open_archive(storage: &Storage) -> anyhow::Result<Box<dyn Archive>> {
    Ok(match &storage.event_log {
        EventLogAddress::Embedded(directory) => Box::new(EmbeddedArchive::open(directory)?),
        EventLogAddress::Nats(servers) => {
            use_ring();
            Box::new(JetStreamArchive::open(jetstream_settings(servers, &storage.nats)).await?)
        }
        #[cfg(feature = "eventstore")]
        EventLogAddress::EventStore(servers) => {
            use_ring();
            Box::new(EventStoreArchive::open(eventstore_settings(servers)).await?)
        }
    })
}

/// How the log on JetStream is reached.
fn jetstream_settings(servers: &NatsAddress, access: &NatsAccess) -> jetstream::Settings {
    let (credentials, nkey_seed) = match &access.identity {
        Some(Identity::CredentialsFile(file)) => (Some(file.clone()), None),
        Some(Identity::NkeyFile(file)) => (None, Some(file.clone())),
        Some(Identity::Login(_)) | None => (None, None),
    };
    jetstream::Settings {
        servers: access.servers(servers),
        credentials,
        nkey_seed,
        ca: access.ca.clone(),
        client_certificate: access.client_certificate.clone(),
        stream: STREAM.to_owned(),
        patience: LOG_PATIENCE,
    }
}

/// How the log on EventStoreDB is reached.
#[cfg(feature = "eventstore")]
fn eventstore_settings(servers: &EventStoreAddress) -> eventstore::Settings {
    let login = servers.login().map(|(user, password)| eventstore::Login { user, password });
    eventstore::Settings { address: servers.without_login(), namespace: String::new(), login, patience: LOG_PATIENCE }
}

/// What an operator should know about the servers of a shared log. A developer's own need not be as good.
fn tell(warnings: impl Iterator<Item = String>, config: &Config) {
    for warning in warnings {
        if config.server.mode.is_production() {
            tracing::warn!("{warning}");
        } else {
            tracing::info!("{warning}");
        }
    }
}

fn tell_too_small(max_event: usize, limit: &str, config: &Config) {
    tell(too_small(max_event, config.assistant.max_answer_bytes, limit).into_iter(), config);
}

/// An event is JSON: quotes, line ends and the like take two bytes there.
fn too_small(max_event: usize, max_answer: usize, limit: &str) -> Option<String> {
    (max_answer.saturating_mul(2).saturating_add(AROUND_AN_ANSWER) > max_event).then(|| {
        format!(
            "An answer of ASSISTANT_MAX_ANSWER_BYTES={max_answer} may not fit into an event of the log, which holds \
             {max_event} bytes: raise {limit}, or lower ASSISTANT_MAX_ANSWER_BYTES."
        )
    })
}

fn app(
    config: &Config,
    log: Arc<dyn EventLog>,
    bus: Option<Arc<dyn Bus>>,
    models: Arc<ReadModels>,
    port: u16,
) -> anyhow::Result<App> {
    let settings = Settings {
        max_history: config.assistant.max_history,
        max_concurrent_replies: config.limits.max_concurrent_replies,
        ..Settings::default()
    };
    let traced = config.telemetry.traces.is_some();
    let (mut appended, mut assistant) = (Arc::clone(&log), assistant(&config.assistant)?);
    if traced {
        appended = Arc::new(TracedLog::new(appended, Arc::clone(&models)));
        assistant = Arc::new(TracedAssistant(assistant));
    }
    let services = Arc::new(Services::new(appended, bus, assistant, settings));
    let (limit, window) = (config.limits.rate_limit_max_requests, config.limits.rate_limit_window);
    let development = !config.server.mode.is_production();
    let public_url = config.origins.public_url(port);
    let demo_key = development.then(|| config.keys.newest_widget());
    let bundles = Bundles::load(config.server.widget_bundle.as_deref());
    if !bundles.has_widget() {
        tracing::warn!("this binary was built without the widget: build it with cargo xtask build");
    }
    let dashboard_files = Files::built_in();
    if !dashboard_files.has_dashboard() {
        tracing::warn!("this binary was built without the dashboard: build it with cargo xtask build");
    }
    Ok(App(Arc::new(Shared {
        production: !development,
        traced,
        development,
        widget_key: Key::any_of(&config.keys.widget),
        admin_key: Some(&config.keys.admin).filter(|keys| !keys.is_empty()).map(|keys| Key::any_of(keys)),
        widget_key_text: about::widget_key(config),
        sessions: sessions(config, &public_url)?,
        origins: config.origins.origins(port),
        own_origins: config.origins.own_origins(port),
        client_addresses: ClientAddresses::new(config.limits.trusted_proxies.clone()),
        messages: RateLimiter::new(limit, window),
        attaches: RateLimiter::new(limit.saturating_mul(ATTACHES_A_MESSAGE), window),
        wrong_keys: RateLimiter::new(limit, window),
        registry: Registry::new(Arc::clone(&services)),
        services,
        log,
        models,
        feeds: Arc::new(tokio::sync::Semaphore::new(MAX_FEEDS)),
        drain: Drain::default(),
        bundles,
        dashboard_files,
        about: About::of(config, &public_url),
        pages: Pages::new(public_url, demo_key),
    })))
}

/// The dashboard's sessions, where it is on.
fn sessions(config: &Config, public_url: &str) -> anyhow::Result<Option<Sessions>> {
    let Some(password) = &config.keys.dashboard_password else { return Ok(None) };
    let secrets = session_secrets(config)?;
    if secrets.is_empty() {
        tracing::warn!(
            "The dashboard is off: servers that share a log need one SESSION_SECRET, at least 32 characters, the same on all of them."
        );
        return Ok(None);
    }
    Ok(Some(Sessions::new(password, &secrets, public_url.starts_with("https://"))))
}

/// A client that stops reading is dropped by the kernel: the framework itself waits for it without limit.
fn end_when_unread(connection: &dyn std::any::Any) {
    #[cfg(target_os = "linux")]
    if let Some(stream) = connection.downcast_ref::<TcpStream>()
        && let Err(error) = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(UNREAD_DEADLINE))
    {
        tracing::debug!(%error, "no deadline for unread bytes");
    }
}

/// Completes at the first SIGTERM or SIGINT after the call.
fn asked_to_stop() -> io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Tells people where the server is. Logs go to standard error, this to standard output, which may be closed.
fn announce(config: &Config, address: SocketAddr, has_dashboard: bool) {
    let url = config.origins.public_url(address.port());
    let production = config.server.mode.is_production();
    let key = if production { "YOUR_WIDGET_API_KEY" } else { config.keys.newest_widget() };
    let demo = if production { String::new() } else { format!("  Demo page       {url}/demo\n") };
    let dashboard = if has_dashboard { format!("  Dashboard       {url}/dashboard/\n") } else { String::new() };
    let _ = write!(
        io::stdout(),
        "open-chat listening on http://{address}\n\n{demo}{dashboard}  API             {url}/v1/chat\n  API reference   {url}/docs\n\n\
         Paste this into your site:\n\n{}\n\n",
        script_tag(&url, key)
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: &str = "max_payload of the NATS servers";

    #[test]
    fn a_log_whose_events_may_not_hold_an_answer_is_told_with_the_setting_to_change() {
        assert_eq!(too_small(1_048_576, 262_144, LIMIT), None);
        let warning = too_small(524_288, 262_144, LIMIT).unwrap();
        assert!(
            warning.contains("max_payload") && warning.contains("524288") && warning.contains("=262144 "),
            "{warning}"
        );
        assert!(too_small(usize::MAX - 1, usize::MAX, LIMIT).is_some());
    }
}
