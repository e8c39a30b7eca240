//! The requests that the log makes, and nothing about what their answers mean.

use std::time::Duration;

use async_nats::client::Request;
use async_nats::header::{NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_EXPECTED_STREAM, NATS_MESSAGE_ID};
use async_nats::jetstream::context::{ContextBuilder, RequestErrorKind};
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::response::Response;
use async_nats::jetstream::stream::{Config, Info, RawMessage};
use async_nats::jetstream::{self, Context, ErrorCode};
use async_nats::{HeaderMap, RequestError};
use bytes::Bytes;
use chat_schema::ConversationId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::connection::{ANSWER, Connection};

/// JetStream, as far as one stream is concerned.
#[derive(Clone)]
pub(super) struct Api {
    connection: Connection,
    context: Context,
    stream: String,
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The servers are not connected, or nobody answered in time, or the answer makes no sense.
    #[error("{0}")]
    Silence(String),
    /// No server feels responsible.
    #[error("no server answers for it")]
    NoResponders,
    /// A server refused.
    #[error("{0}")]
    Refused(#[from] jetstream::Error),
}

impl Fault {
    /// Whether the server says that it is just handling a message of the same id.
    pub(super) fn is_in_process(&self) -> bool {
        self.code() == Some(ErrorCode::STREAM_DUPLICATE_MESSAGE_CONFLICT)
    }

    /// The code of a refusal.
    pub(super) fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused(error) => Some(error.error_code()),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct Found {
    message: RawMessage,
}

#[derive(Deserialize)]
struct Deleted {}

impl Api {
    pub(super) fn new(connection: Connection, stream: String) -> Self {
        let context = ContextBuilder::new().timeout(ANSWER).build(connection.client().clone());
        Self { connection, context, stream }
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The library's own view of JetStream, for consumers.
    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    pub(super) fn stream(&self) -> &str {
        &self.stream
    }

    /// The subject of a conversation.
    pub(super) fn subject(&self, conversation: ConversationId) -> String {
        format!("{}.conversation.{conversation}", self.stream)
    }

    /// Headers of the longest message, with what the server adds when it is read.
    pub(super) const HEADERS: usize = 512;

    /// Appends one message, if the last one of its subject has the sequence `last` (0: it has none).
    pub(super) async fn publish(
        &self,
        subject: String,
        id: &str,
        last: u64,
        payload: Bytes,
    ) -> Result<PublishAck, Fault> {
        let mut headers = HeaderMap::new();
        headers.insert(NATS_MESSAGE_ID, id);
        headers.insert(NATS_EXPECTED_STREAM, self.stream.as_str());
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, last.to_string());
        self.ask(subject, headers, payload).await
    }

    async fn ask(&self, subject: String, headers: HeaderMap, payload: Bytes) -> Result<PublishAck, Fault> {
        let request = Request::new().headers(headers).payload(payload).timeout(Some(ANSWER));
        let sent = self.connection.client().send_request(subject, request);
        let answer = self.connection.unless_lost(sent).await.ok_or_else(lost)?.map_err(|error| silence(&error))?;
        let answer = serde_json::from_slice(&answer.payload).map_err(|error| Fault::Silence(error.to_string()))?;
        match answer {
            Response::Ok(ack) => Ok(ack),
            Response::Err { error } => Err(error.into()),
        }
    }

    /// Asks for a refusal: of a message on top of one that can never be. That it comes shows that appends find the stream, which
    /// servers learn a moment after it was created or got another leader.
    pub(super) async fn knock(&self) -> Result<(), Fault> {
        let nowhere = self.subject(ConversationId::from(uuid::Uuid::nil()));
        let mut headers = HeaderMap::new();
        headers.insert(NATS_EXPECTED_STREAM, self.stream.as_str());
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, i64::MAX.to_string());
        match self.ask(nowhere, headers, Bytes::new()).await {
            Err(Fault::Refused(_)) => Ok(()),
            Err(fault) => Err(fault),
            Ok(_) => Err(Fault::Silence("a message that had to be refused was not".into())),
        }
    }

    /// What the stream's leader knows about the stream.
    pub(super) async fn info(&self, patience: Duration) -> Result<Info, Fault> {
        let mut context = self.context.clone();
        context.set_timeout(patience);
        self.request(&context, format!("STREAM.INFO.{}", self.stream), &json!({})).await
    }

    /// Creates the stream; answers too if there is one just like it.
    pub(super) async fn create(&self, config: &Config) -> Result<Info, Fault> {
        self.request(&self.context, format!("STREAM.CREATE.{}", self.stream), config).await
    }

    /// The last message of a subject, which may have wildcards, as the stream's leader knows it.
    pub(super) async fn last(&self, subject: &str) -> Result<Option<StreamMessage>, Fault> {
        self.message(&json!({ "last_by_subj": subject })).await
    }

    /// The first message of a subject from the sequence `from` on, as the stream's leader knows it.
    pub(super) async fn next(&self, subject: &str, from: u64) -> Result<Option<StreamMessage>, Fault> {
        self.message(&json!({ "seq": from, "next_by_subj": subject })).await
    }

    /// Overwrites a message in the servers' files, and removes it. One that is gone already does as well.
    pub(super) async fn delete(&self, sequence: u64) -> Result<(), Fault> {
        let subject = format!("STREAM.MSG.DELETE.{}", self.stream);
        match self.request::<Deleted>(&self.context, subject, &json!({ "seq": sequence })).await {
            Ok(_) => Ok(()),
            Err(fault) if fault.code() == Some(ErrorCode::NO_MESSAGE_FOUND) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    async fn message(&self, which: &impl Serialize) -> Result<Option<StreamMessage>, Fault> {
        match self.request::<Found>(&self.context, format!("STREAM.MSG.GET.{}", self.stream), which).await {
            Ok(found) => found.message.try_into().map(Some).map_err(|error| Fault::Silence(format!("{error}"))),
            Err(fault) if fault.code() == Some(ErrorCode::NO_MESSAGE_FOUND) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    async fn request<T: DeserializeOwned>(
        &self,
        context: &Context,
        subject: String,
        body: &impl Serialize,
    ) -> Result<T, Fault> {
        match self.connection.unless_lost(context.request(subject, body)).await.ok_or_else(lost)? {
            Ok(Response::Ok(answer)) => Ok(answer),
            Ok(Response::Err { error }) => Err(error.into()),
            Err(error) if error.kind() == RequestErrorKind::NoResponders => Err(Fault::NoResponders),
            Err(error) => Err(Fault::Silence(error.to_string())),
        }
    }
}

fn lost() -> Fault {
    Fault::Silence("the connection was lost".into())
}

fn silence(error: &RequestError) -> Fault {
    match error.kind() {
        async_nats::RequestErrorKind::NoResponders => Fault::NoResponders,
        _ => Fault::Silence(error.to_string()),
    }
}
