//! Reading many messages with one request. Any server that has the stream may answer, also one that is behind.

use async_nats::jetstream::message::StreamMessage;
use bytes::Bytes;
use futures_util::StreamExt;
use serde_json::json;
use tokio::time::timeout;

use super::api::Api;
use super::connection::ANSWER;

/// Messages and bytes that are asked for at once.
const MESSAGES: usize = 1000;
pub(super) const BYTES: usize = 4 << 20;

/// One message of the stream.
pub(super) struct Message {
    pub(super) sequence: u64,
    pub(super) subject: String,
    pub(super) payload: Bytes,
}

impl From<StreamMessage> for Message {
    fn from(found: StreamMessage) -> Self {
        Self { sequence: found.sequence, subject: found.subject.to_string(), payload: found.payload }
    }
}

/// The next messages of a subject, which may have wildcards, from the sequence `from` on; `None` if the server gives no whole batch.
pub(super) async fn batch(api: &Api, subject: &str, from: u64) -> Option<Vec<Message>> {
    let client = api.connection().client();
    let inbox = client.new_inbox();
    let mut answers = client.subscribe(inbox.clone()).await.ok()?;
    let request = json!({ "batch": MESSAGES, "max_bytes": BYTES, "seq": from, "next_by_subj": subject }).to_string();
    client.publish_with_reply(format!("$JS.API.DIRECT.GET.{}", api.stream()), inbox, request.into()).await.ok()?;
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
