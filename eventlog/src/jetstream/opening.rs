//! Opening the log: waits for the servers, then takes the stream or creates it.

use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::stream::Info;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::api::{Api, Fault};
use super::connection::{ANSWER, Connection, Failure};
use super::open_error::OpenError;
use super::servers::Servers;
use super::settings::Settings;
use super::{health, options, stream};

/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(250);
/// How often waiting is logged.
const NEWS: Duration = Duration::from_secs(3);
/// A server answers for JetStream a moment after it takes connections, or not at all.
const START_UP: Duration = Duration::from_secs(3);

/// Time, and who is waited for.
struct Wait<'a> {
    servers: &'a Servers,
    start: Instant,
    patience: Duration,
    told: Instant,
}

impl<'a> Wait<'a> {
    fn new(servers: &'a Servers, patience: Duration) -> Self {
        let now = Instant::now();
        Self { servers, start: now, patience, told: now }
    }

    /// What is left of the patience.
    fn left(&self) -> Duration {
        self.patience.saturating_sub(self.start.elapsed())
    }

    /// Whether it is time for news.
    fn tells(&self) -> bool {
        self.told.elapsed() > NEWS
    }

    /// Waits a little for what failed with `reason` to get better.
    async fn a_little(&mut self, reason: String) -> Result<(), OpenError> {
        let waited = self.start.elapsed();
        if waited + PAUSE > self.patience {
            return Err(OpenError::Away { waited, reason });
        }
        if waited < PAUSE || self.tells() {
            self.told = Instant::now();
            let remaining_s = self.left().as_secs();
            tracing::info!(servers = %self.servers, %reason, remaining_s, "waiting for the event log");
        }
        sleep(PAUSE).await;
        Ok(())
    }
}

/// The stream, ready to be used, and the API to use it with.
pub(super) async fn open(settings: &Settings) -> Result<(Api, Info), OpenError> {
    let name = &settings.stream;
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
        return Err(OpenError::Name(name.clone()));
    }
    let servers = Servers::parse(&settings.servers)?;
    let mut wait = Wait::new(&servers, settings.patience);
    let connection = connect(settings, &servers, &mut wait).await?;
    let api = Api::new(connection, name.clone());
    let info = loop {
        let failure = match ready(&api).await {
            Ok(info) => break info,
            Err(failure) => failure,
        };
        if let Some(forbidden) = api.connection().forbidden() {
            return Err(OpenError::Forbidden(forbidden));
        }
        match failure {
            Failure::Lasting(OpenError::NoJetStream(reason)) if wait.start.elapsed() < START_UP.min(wait.patience) => {
                api.connection().try_another().await;
                wait.a_little(reason).await?;
            }
            Failure::Lasting(error) => return Err(error),
            Failure::Passing(reason) => {
                if wait.tells() {
                    // It may be cut off from the others.
                    api.connection().try_another().await;
                }
                wait.a_little(reason).await?;
            }
        }
    };
    Ok((api, info))
}

/// The stream as it is, to read what it holds: nothing is created, and it may be one that would take no events.
pub(super) async fn look(settings: &Settings) -> Result<(Api, Info), OpenError> {
    let servers = Servers::parse(&settings.servers)?;
    let mut wait = Wait::new(&servers, settings.patience);
    let connection = connect(settings, &servers, &mut wait).await?;
    let api = Api::new(connection, settings.stream.clone());
    loop {
        let fault = match api.info(ANSWER).await {
            Ok(info) => return Ok((api, info)),
            Err(fault) if fault.code() == Some(ErrorCode::STREAM_NOT_FOUND) => {
                return Err(OpenError::NoStream(settings.stream.clone()));
            }
            Err(fault) => fault,
        };
        match failure(&api, &fault) {
            Failure::Lasting(error) => return Err(error),
            Failure::Passing(reason) => wait.a_little(reason).await?,
        }
    }
}

/// Tries the servers in turn, from a random one on, so that replicas do not all use the same.
async fn connect(settings: &Settings, servers: &Servers, wait: &mut Wait<'_>) -> Result<Connection, OpenError> {
    let options = options::of(settings, servers).await?;
    let mut turn = usize::from(Uuid::new_v4().as_bytes()[0]);
    loop {
        let patience = wait.left().max(PAUSE);
        let reason = match timeout(patience, Connection::open(options.clone(), servers, turn)).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(Failure::Lasting(error))) => return Err(error),
            Ok(Err(Failure::Passing(reason))) => reason,
            Err(_) => "no server answers".into(),
        };
        turn += 1;
        // One round without pauses.
        if turn % servers.addresses().len() == 0 || wait.left().is_zero() {
            wait.a_little(reason).await?;
        }
    }
}

/// The stream, if it can take events.
async fn ready(api: &Api) -> Result<Info, Failure> {
    let info = usable(api, take(api).await?)?;
    match api.knock().await {
        Ok(()) => Ok(info),
        Err(fault) => Err(Failure::Passing(format!("appends do not reach the stream: {fault}"))),
    }
}

/// Looks the stream up; creates it when there is none. Other replicas may do the same at the same time.
async fn take(api: &Api) -> Result<Info, Failure> {
    match api.info(ANSWER).await {
        Err(fault) if fault.code() == Some(ErrorCode::STREAM_NOT_FOUND) => {}
        found => return found.map_err(|fault| failure(api, &fault)),
    }
    let mut created = api.create(&stream::wanted(api.stream(), stream::REPLICAS)).await;
    if created.as_ref().is_err_and(|fault| fault.code() == Some(ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED)) {
        created = api.create(&stream::wanted(api.stream(), 1)).await;
    }
    match created {
        Ok(info) => {
            tracing::info!(stream = api.stream(), replicas = info.config.num_replicas, "event log's stream created");
            // What is kept is what the leader of the stream says, from now on.
            api.info(ANSWER).await.map_err(|fault| failure(api, &fault))
        }
        Err(fault) if fault.code() == Some(ErrorCode::STREAM_NAME_EXIST) => {
            api.info(ANSWER).await.map_err(|fault| failure(api, &fault))
        }
        Err(fault) => Err(failure(api, &fault)),
    }
}

/// Checks that the stream keeps the log's promises, and that it can take events.
fn usable(api: &Api, info: Info) -> Result<Info, Failure> {
    let differences = stream::differences(&info.config);
    if !differences.is_empty() {
        let (stream, differences) = (api.stream().to_owned(), differences.join("; "));
        return Err(Failure::Lasting(OpenError::Stream { stream, differences }));
    }
    health::majority(&info).map_err(Failure::Passing)?;
    Ok(info)
}

/// Whether waiting may help: a cluster may have no leader yet, or not enough servers.
fn failure(api: &Api, fault: &Fault) -> Failure {
    let reason = fault.to_string();
    match fault.code() {
        _ if matches!(fault, Fault::NoResponders) => Failure::Lasting(OpenError::NoJetStream(reason)),
        Some(ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT) => {
            Failure::Lasting(OpenError::NoJetStream(reason))
        }
        None
        | Some(
            ErrorCode::CLUSTER_NOT_AVAILABLE
            | ErrorCode::CLUSTER_NO_PEERS
            | ErrorCode::CLUSTER_INCOMPLETE
            | ErrorCode::CLUSTER_NOT_ACTIVE
            | ErrorCode::CLUSTER_NOT_LEADER
            | ErrorCode::CLUSTER_NOT_ASSIGNED
            | ErrorCode::STREAM_OFFLINE
            | ErrorCode::STREAM_NOT_FOUND,
        ) => Failure::Passing(reason),
        Some(_) => Failure::Lasting(OpenError::Creation { stream: api.stream().to_owned(), reason }),
    }
}
