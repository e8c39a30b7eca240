//! Opening the log: waits for the servers, then takes the log that is there or creates it.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::api::Api;
use super::connection::Connection;
use super::fault::Fault;
use super::identity;
use super::open_error::OpenError;
use super::settings::Settings;
use crate::log::LogIdentity;

/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(250);
/// How often waiting is logged.
const NEWS: Duration = Duration::from_secs(3);
/// The first release that tells with every event of a stream where in the log it stands.
const OLDEST: (usize, usize) = (22, 10);

/// The log, ready to be used.
pub(super) async fn open(settings: &Settings) -> Result<(Api, LogIdentity), OpenError> {
    let api = Api::new(Connection::new(settings).await?, &settings.namespace);
    let identity = patiently(settings, &api, true).await?.ok_or(OpenError::NoLog)?;
    Ok((api, identity))
}

/// The log as it is, to read what it holds: nothing is created.
pub(super) async fn look(settings: &Settings) -> Result<Api, OpenError> {
    let api = Api::new(Connection::new(settings).await?, &settings.namespace);
    let found = patiently(settings, &api, false).await?;
    found.map(|_| api).ok_or(OpenError::NoLog)
}

/// Asks which log it is, and creates it if wanted, until there is an answer or none can be expected.
async fn patiently(settings: &Settings, api: &Api, create: bool) -> Result<Option<LogIdentity>, OpenError> {
    let (start, mut told) = (Instant::now(), None);
    loop {
        let answer = match release(api).await {
            Ok(()) if create => identity::take(api).await.map(Some),
            Ok(()) => identity::read(api).await,
            Err(Failure::Passing(fault)) => Err(fault),
            Err(Failure::Lasting(error)) => return Err(error),
        };
        let reason = match answer {
            Ok(answer) => return Ok(answer),
            Err(Fault::Denied) => return Err(OpenError::Denied),
            Err(Fault::Refused(reason)) => return Err(OpenError::Refused(reason)),
            Err(fault) => fault.to_string(),
        };
        let waited = start.elapsed();
        if waited + PAUSE > settings.patience {
            return Err(OpenError::Away { waited, reason });
        }
        if told.is_none_or(|told: Instant| told.elapsed() > NEWS) {
            told = Some(Instant::now());
            let remaining_s = (settings.patience - waited).as_secs();
            tracing::info!(%reason, remaining_s, "waiting for the event log");
        }
        sleep(PAUSE).await;
        api.connection().renew().await;
    }
}

enum Failure {
    Lasting(OpenError),
    Passing(Fault),
}

async fn release(api: &Api) -> Result<(), Failure> {
    match api.release().await {
        Ok(release) if release >= OLDEST => Ok(()),
        Ok(release) => Err(Failure::Lasting(OpenError::Release(release.0, release.1))),
        Err(fault) => Err(Failure::Passing(fault)),
    }
}
