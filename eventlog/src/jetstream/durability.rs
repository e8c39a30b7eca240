//! Whether the servers sync an append to their disks before they acknowledge it.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use serde::Deserialize;
use tokio::time::timeout;

use super::connection::Connection;

/// Asks every server for its JetStream configuration. A service of the system account, which deploy/nats lets ours use.
const QUESTION: &str = "$SYS.REQ.SERVER.PING.JSZ";
/// Longest wait for the first answer, and for each further one.
const FIRST: Duration = Duration::from_millis(1000);
const FURTHER: Duration = Duration::from_millis(200);

#[derive(Deserialize)]
struct Answer {
    server: Server,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Server {
    name: String,
}

#[derive(Deserialize)]
struct Data {
    config: Option<Config>,
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    sync_always: bool,
    #[serde(default)]
    sync_interval: u64,
}

/// What an operator should know about the servers' syncing, in whole sentences.
pub(super) async fn warnings(connection: &Connection) -> Vec<String> {
    const CONSEQUENCE: &str = "an acknowledged event may be lost when its machine fails";
    const REMEDY: &str = "Set `sync_interval: always` in the `jetstream` block of every server.";
    let answers = ask(connection).await;
    if answers.is_empty() {
        return vec![format!(
            "The servers' sync_interval could not be read: unless it is `always`, {CONSEQUENCE}. {REMEDY} deploy/nats/ shows \
             how to let open-chat read it."
        )];
    }
    let lax = answers.into_iter().filter_map(|answer| {
        let config = answer.data?.config?;
        let interval = Duration::from_nanos(config.sync_interval);
        let name = answer.server.name;
        (!config.sync_always)
            .then(|| format!("Server {name} syncs every {interval:?} (sync_interval): {CONSEQUENCE}. {REMEDY}"))
    });
    lax.collect()
}

async fn ask(connection: &Connection) -> Vec<Answer> {
    let client = connection.client();
    let inbox = client.new_inbox();
    let mut answers = Vec::new();
    let Ok(mut replies) = client.subscribe(inbox.clone()).await else { return answers };
    if client.publish_with_reply(QUESTION, inbox, Bytes::from_static(br#"{"config":true}"#)).await.is_err() {
        return answers;
    }
    let mut patience = FIRST;
    while let Ok(Some(reply)) = timeout(patience, replies.next()).await {
        // A status instead of an answer: nobody is responsible.
        if reply.status.is_some() {
            break;
        }
        match serde_json::from_slice(&reply.payload) {
            Ok(answer) => answers.push(answer),
            Err(error) => tracing::debug!(%error, "a server's answer about its configuration is not understood"),
        }
        patience = FURTHER;
    }
    answers
}
