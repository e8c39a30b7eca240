//! Appends that many conversations wait for, beside the bare backend: a batched insert of the same rows, with the same durability and
//! the same batching, and messages published to JetStream without anything of ours around them.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use async_nats::{ConnectOptions, HeaderMap};
use bytes::Bytes;
use chat_eventlog::embedded::EmbeddedLog;
use chat_eventlog::jetstream::{JetStreamLog, Settings};
use chat_eventlog::{Append, EventLog};
use chat_schema::{ConversationId, Event, Head, SealedEvent};
use futures_util::future::try_join_all;
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::{Found, Plan};
use crate::bare_sqlite::BareSqlite;
use crate::blocks::{compare, interleave, median, ratio};
use crate::goal::{Bound, Row};
use crate::stand::Programs;
use crate::{nats, process};

const PART: &str = "append";
/// The stream and the subjects that `deploy/nats` lets a client write to.
const STREAM: &str = "open-chat";

/// Who takes the appends.
#[derive(Clone)]
enum Arm {
    BareSqlite(Arc<BareSqlite>),
    Embedded(Arc<EmbeddedLog>),
    BareJetStream(async_nats::Client),
    JetStream(Arc<JetStreamLog>),
}

/// One run.
struct Run {
    /// Appends a second.
    rate: f64,
    /// Appends that were acknowledged together, where that is known.
    group: f64,
}

pub(crate) fn measure(_: &Programs, plan: Plan) -> Result<Found> {
    let (runtime, dir, nats) = (tokio::runtime::Runtime::new()?, process::directory()?, nats::Server::start());
    let (arms, mut found) = (runtime.block_on(arms(dir.path(), &nats))?, Found::default());
    for writers in [64, 256] {
        // As many appends of each backend as take about the same time.
        let [embedded, jetstream] = plan.or([12_800, 2_560], [512, 256]).map(|appends| appends / writers);
        let each = |arm: &Arm| if arm.is_embedded() { embedded } else { jetstream };
        let all = interleave(&arms, plan.blocks(), |arm| run(&runtime, arm, writers, each(arm)))?;
        for (arm, pairs) in arms.iter().zip(&all) {
            found.counted += (pairs.len() * 2 * writers * each(arm)) as u64;
            let what = format!("{writers} conversations: appends a second");
            found.figure(PART, &what, arm.name(), "1/s", median(pairs, |run| run.rate));
        }
        for (ours, bare) in [(1, 0), (3, 2)] {
            let beside = compare(&all[ours], &all[bare], |run| run.rate, ratio);
            let what = format!("{}: {writers} conversations append, beside {}", arms[ours].name(), arms[bare].name());
            found.row(beside.map(|figure| Row::new(4, what, "×", Bound::AtLeast(0.9), figure)));
        }
        if writers == 256 {
            let group = median(&all[1], |run| run.group);
            let what = "embedded: acknowledgements a commit (one fsync of the write-ahead log) at 256 writers";
            found.row(group.map(|figure| Row::new(4, what, "", Bound::AtLeast(100.0), figure)));
        }
    }
    Ok(found)
}

async fn arms(dir: &Path, nats: &nats::Server) -> Result<[Arm; 4]> {
    let settings = Settings {
        servers: vec![nats.url()],
        credentials: None,
        nkey_seed: None,
        ca: None,
        client_certificate: None,
        stream: STREAM.into(),
        patience: Duration::from_secs(30),
    };
    let login = ConnectOptions::with_user_and_password(nats::USER.into(), nats::PASSWORD.into());
    let client = login.connect(format!("127.0.0.1:{}", nats.port())).await?;
    let jetstream = JetStreamLog::open(settings).await.context("the log on JetStream")?;
    Ok([
        Arm::BareSqlite(Arc::new(BareSqlite::open(&dir.join("bare.sqlite"))?)),
        Arm::Embedded(Arc::new(EmbeddedLog::open(&dir.join("log"))?)),
        Arm::BareJetStream(client),
        Arm::JetStream(Arc::new(jetstream)),
    ])
}

fn run(runtime: &Runtime, arm: &Arm, writers: usize, each: usize) -> Result<Run> {
    let conversations: Vec<_> = (0..writers).map(|_| conversation(each)).collect::<Result<_>>()?;
    let (appends, commits) = ((writers * each) as f64, arm.commits());
    let seconds = runtime.block_on(async {
        let begin = Instant::now();
        let writers = conversations.into_iter().map(|events| {
            let arm = arm.clone();
            tokio::spawn(async move { arm.write(events).await })
        });
        for outcome in try_join_all(writers).await? {
            outcome?;
        }
        anyhow::Ok(begin.elapsed().as_secs_f64())
    })?;
    Ok(Run { rate: appends / seconds, group: appends / (arm.commits() - commits).max(1) as f64 })
}

/// The events of a new conversation, ready to be stored.
fn conversation(events: usize) -> Result<Vec<SealedEvent>> {
    let session = Uuid::new_v4().to_string().parse()?;
    let (id, mut head, mut all) = (ConversationId::of(&session), Head::EMPTY, Vec::with_capacity(events));
    for _ in 0..events {
        let event = Event::UserMessaged {
            message_id: Uuid::new_v4().to_string().parse()?,
            session_id: session.clone(),
            content: "Where is my order, which I placed three days ago?".into(),
            owner: Uuid::nil().into(),
        };
        let event = SealedEvent::seal(head, id, Uuid::new_v4().into(), 1_755_600_000_000, event);
        head = event.head();
        all.push(event);
    }
    Ok(all)
}

impl Arm {
    fn name(&self) -> &'static str {
        match self {
            Self::BareSqlite(_) => "bare batched insert",
            Self::Embedded(_) => "embedded",
            Self::BareJetStream(_) => "bare publish",
            Self::JetStream(_) => "JetStream",
        }
    }

    fn is_embedded(&self) -> bool {
        matches!(self, Self::BareSqlite(_) | Self::Embedded(_))
    }

    fn commits(&self) -> u64 {
        match self {
            Self::Embedded(log) => log.commits(),
            _ => 0,
        }
    }

    /// Each event once the one before it is durable.
    async fn write(&self, events: Vec<SealedEvent>) -> Result<()> {
        match self {
            Self::BareSqlite(bare) => {
                for event in events {
                    bare.insert(event).await?;
                }
                Ok(())
            }
            Self::BareJetStream(client) => publish_all(client, events).await,
            Self::Embedded(log) => append_all(log.as_ref(), &events).await,
            Self::JetStream(log) => append_all(log.as_ref(), &events).await,
        }
    }
}

async fn append_all(log: &dyn EventLog, events: &[SealedEvent]) -> Result<()> {
    for event in events {
        let envelope = &event.envelope;
        let outcome = log.append(envelope.conversation_id, envelope.version - 1, std::slice::from_ref(event)).await;
        ensure!(matches!(outcome, Append::Appended(_)), "{outcome:?}");
    }
    Ok(())
}

/// The same bytes with the same expectation, and nothing kept of what comes back but the sequence that the next one expects.
async fn publish_all(client: &async_nats::Client, events: Vec<SealedEvent>) -> Result<()> {
    let mut last = 0;
    for event in events {
        let envelope = &event.envelope;
        let mut headers = HeaderMap::new();
        headers.insert(async_nats::header::NATS_MESSAGE_ID, envelope.id.to_string());
        headers.insert(async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, last.to_string());
        let subject = format!("{STREAM}.conversation.{}", envelope.conversation_id);
        let answer = client.request_with_headers(subject, headers, Bytes::from(event.bytes)).await?;
        let answer: serde_json::Value = serde_json::from_slice(&answer.payload)?;
        last = answer["seq"].as_u64().with_context(|| format!("refused: {answer}"))?;
    }
    Ok(())
}
