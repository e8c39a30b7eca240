//! Which log this is: the id of an event that the first process stored in a stream of its own.

use eventstore::{EventData, StreamState};
use uuid::Uuid;

use super::api::Api;
use super::fault::Fault;
use crate::log::LogIdentity;

const TYPE: &str = "LogCreated";

/// The identity, if the log was created.
pub(super) async fn read(api: &Api) -> Result<Option<LogIdentity>, Fault> {
    let first = api.read(api.names().log(), 0, 1).await?;
    Ok(first.first().map(|event| LogIdentity(event.id)))
}

/// The identity, new if there is none. Other processes may do the same at the same time.
pub(super) async fn take(api: &Api) -> Result<LogIdentity, Fault> {
    loop {
        if let Some(identity) = read(api).await? {
            return Ok(identity);
        }
        let created = EventData::binary(TYPE, bytes::Bytes::new()).id(Uuid::new_v4());
        match api.append(api.names().log(), StreamState::NoStream, vec![created]).await {
            Ok(_) | Err(Fault::WrongVersion { .. }) => {}
            Err(fault) => return Err(fault),
        }
    }
}
