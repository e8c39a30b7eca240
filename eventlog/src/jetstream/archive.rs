//! The log on JetStream, read for audit: no stream is created, no consumer is made, nothing is published but questions.

use async_trait::async_trait;
use bytes::Bytes;
use chat_schema::{ConversationId, Hash};
use futures_util::StreamExt;
use serde_json::json;
use tokio::time::timeout;

use super::api::Api;
use super::connection::ANSWER;
use super::open_error::OpenError;
use super::settings::Settings;
use super::{message, opening, stream};
use crate::archive::{Archive, Stored};
use crate::log::{LogError, Position};

/// Messages and bytes that are asked for at once.
const BATCH: usize = 1000;
const BATCH_BYTES: usize = 4 << 20;

/// A log on JetStream, open for audit.
pub struct JetStreamArchive {
    api: Api,
    direct: bool,
}

/// One message of the stream.
struct Message {
    sequence: u64,
    subject: String,
    payload: Bytes,
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
            && let Some(batch) = self.batch(subject, from).await.filter(|batch| !batch.is_empty())
        {
            return Ok(batch);
        }
        // The server that was asked may be behind: whether there is more, the leader knows.
        let next = self.api.next(subject, from).await.map_err(|fault| LogError::Unavailable(fault.to_string()))?;
        let message = |found: async_nats::jetstream::message::StreamMessage| Message {
            sequence: found.sequence,
            subject: found.subject.to_string(),
            payload: found.payload,
        };
        Ok(next.map(message).into_iter().collect())
    }

    async fn batch(&self, subject: &str, from: u64) -> Option<Vec<Message>> {
        let client = self.api.connection().client();
        let inbox = client.new_inbox();
        let mut answers = client.subscribe(inbox.clone()).await.ok()?;
        let request =
            json!({ "batch": BATCH, "max_bytes": BATCH_BYTES, "seq": from, "next_by_subj": subject }).to_string();
        let direct = format!("$JS.API.DIRECT.GET.{}", self.api.stream());
        client.publish_with_reply(direct, inbox, request.into()).await.ok()?;
        let mut batch = Vec::new();
        loop {
            let answer = timeout(ANSWER, answers.next()).await.ok()??;
            match answer.status.map(|status| status.as_u16()) {
                None => {
                    let headers = answer.headers.as_ref()?;
                    let sequence = headers.get("Nats-Sequence")?.as_str().parse().ok()?;
                    let subject = headers.get("Nats-Subject")?.as_str().to_owned();
                    batch.push(Message { sequence, subject, payload: answer.payload });
                }
                // The end of the batch.
                Some(204) => return Some(batch),
                Some(_) => return None,
            }
        }
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
        while found.len() < limit && (found.is_empty() || bytes < BATCH_BYTES) {
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
