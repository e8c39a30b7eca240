//! The log on JetStream, read for audit: no stream is created, no consumer is made, nothing is published but questions.

use async_trait::async_trait;
use chat_schema::{ConversationId, Hash};

use super::api::Api;
use super::batch::{self, Message, batch};
use super::open_error::OpenError;
use super::settings::Settings;
use super::{message, opening, stream};
use crate::archive::{Archive, Stored};
use crate::log::{LogError, Position};

/// A log on JetStream, open for audit.
pub struct JetStreamArchive {
    api: Api,
    direct: bool,
}

impl JetStreamArchive {
    /// Looks the stream up.
    ///
    /// # Errors
    /// There is none, or the servers cannot be reached.
    pub async fn open(settings: Settings) -> Result<Self, OpenError> {
        let (api, info) = opening::look(&settings).await?;
        let direct = info.config.allow_direct && api.connection().client().is_server_compatible(2, 11, 0);
        Ok(Self { api, direct })
    }

    async fn messages(&self, subject: &str, from: u64) -> Result<Vec<Message>, LogError> {
        if self.direct
            && let Some(batch) = batch(&self.api, subject, from).await.filter(|batch| !batch.is_empty())
        {
            return Ok(batch);
        }
        // The server that was asked may be behind: whether there is more, the leader knows.
        let next = self.api.next(subject, from).await.map_err(|fault| LogError::Unavailable(fault.to_string()))?;
        Ok(next.map(Message::from).into_iter().collect())
    }
}

#[async_trait]
impl Archive for JetStreamArchive {
    async fn scan(
        &self,
        conversation: Option<ConversationId>,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Stored>, LogError> {
        let subject = match conversation {
            Some(conversation) => self.api.subject(conversation),
            None => stream::subjects(self.api.stream()),
        };
        let mut from = message::sequence(after).max(1);
        let mut found = Vec::new();
        let mut bytes = 0;
        while found.len() < limit && (found.is_empty() || bytes < batch::BYTES) {
            let messages = self.messages(&subject, from).await?;
            let Some(last) = messages.last() else { break };
            from = last.sequence + 1;
            bytes += messages.iter().map(|message| message.payload.len()).sum::<usize>();
            found.extend(messages.iter().flat_map(stored).filter(|stored| stored.position > after));
        }
        found.truncate(limit);
        Ok(found)
    }
}

/// What is stored in a message, line by line.
fn stored(message: &Message) -> Vec<Stored> {
    let conversation: Option<ConversationId> =
        message.subject.rsplit('.').next().and_then(|conversation| conversation.parse().ok());
    message::lines(&message.payload)
        .enumerate()
        .map(|(index, line)| {
            let position = message::position(message.sequence, index);
            let (hash, bytes) = message::split(line).unwrap_or((Hash::ZERO, line));
            Stored { position, conversation, version: None, hash, bytes: bytes.into() }
        })
        .collect()
}
