//! The operators' stream: what they did, as events that any replica may append.

use chat_eventlog::{Append, LogError, Position, Recorded, last_event};
use chat_schema::{ConversationId, Event, Head, Operator, OperatorAct};

use crate::progress::Refusal;
use crate::services::Services;

/// Tries of one append; every conflict means that another act was stored.
const TRIES: usize = 32;

impl Services {
    /// Records what an operator did; returns once that is durable.
    ///
    /// # Errors
    /// The log cannot take it.
    pub async fn record(&self, operator: Operator, act: OperatorAct) -> Result<Recorded, Refusal> {
        let (id, patience) = (ConversationId::OPERATORS, self.settings.append_patience);
        for _ in 0..TRIES {
            let last = last_event(&*self.log, id).await.map_err(|error| unreadable(&error))?;
            let head = last.map_or(Head::EMPTY, |last| last.event.head());
            let event = self.seal(head, id, Event::OperatorActed { operator, act: act.clone() });
            match self.append(id, head.version, std::slice::from_ref(&event), patience).await {
                Append::Appended(position) => return Ok(Recorded { position, event }),
                Append::Conflict { .. } => {}
                Append::Unknown => return Err(Refusal::StorageUnknown),
                Append::Unavailable => return Err(Refusal::StorageUnavailable),
            }
        }
        Err(Refusal::StorageUnavailable)
    }

    /// What operators did before version `before` of their stream, or up to now: the newest `limit`, newest first.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn operator_events(&self, before: Option<u64>, limit: u64) -> Result<Vec<Recorded>, Refusal> {
        let id = ConversationId::OPERATORS;
        let before = match before {
            Some(before) => before,
            None => {
                let last = last_event(&*self.log, id).await.map_err(|error| unreadable(&error))?;
                last.map_or(0, |last| last.event.envelope.version) + 1
            }
        };
        let after = before.saturating_sub(limit + 1);
        let mut events = self.log.read(id, after).await.map_err(|error| unreadable(&error))?;
        events.retain(|recorded| recorded.event.envelope.version < before);
        events.reverse();
        Ok(events)
    }

    /// Position after which nothing is stored yet that is acknowledged by now.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn end(&self) -> Result<Position, Refusal> {
        self.log.end().await.map_err(|error| unreadable(&error))
    }
}

pub(crate) fn unreadable(error: &LogError) -> Refusal {
    match error {
        LogError::Unavailable(_) => {
            tracing::debug!(%error, "event log cannot be read now");
            Refusal::StorageUnavailable
        }
        LogError::Unreadable { .. } => {
            tracing::error!(%error, "an event cannot be read");
            Refusal::Internal
        }
    }
}
