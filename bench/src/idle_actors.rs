//! Conversations that are open and idle, in a process of its own: nothing but actors, on a log that keeps nothing.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use chat_actors::assistant::{Answer, Assistant, Piece, PromptMessage};
use chat_actors::{Registry, SendMessage, Services, Settings};
use chat_eventlog::{Append, EventLog, LogError, LogIdentity, Position, Recorded, Subscription};
use chat_schema::{ConversationId, FinishReason, SealedEvent};
use futures_util::stream::{self, StreamExt};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::process;

const QUESTION: &str = "Where is my order, which I placed three days ago?";
const ANSWER: &str = "It left our warehouse this morning and should be with you tomorrow.";
/// Conversations opened at the same time.
const AT_ONCE: usize = 256;
/// A bound on hangs, not a measurement.
const PATIENCE: Duration = Duration::from_secs(120);

/// What was seen.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Idle {
    pub(crate) actors: u64,
    /// Memory that each takes, in bytes.
    pub(crate) each: f64,
    /// Of these the bytes of the texts and ids it keeps: the question, its id, the answer.
    pub(crate) texts: u64,
    /// Memory that is still used for each after all have left, in bytes. The allocator keeps it for the next ones.
    pub(crate) left: f64,
}

/// Opens `actors` conversations of one turn, lets them rest, then leave; prints what that took as JSON.
pub(crate) async fn run(actors: u64, rest: Duration) -> Result<()> {
    let settings = Settings { passivate_after: rest, max_concurrent_replies: AT_ONCE, ..Settings::default() };
    let services = Arc::new(Services::new(Arc::new(Nowhere), None, Arc::new(Ready), settings));
    let registry = Registry::new(services);
    open(&registry, AT_ONCE as u64).await?;
    let before = (registry.live_conversations() as u64, memory()?);
    open(&registry, actors).await?;
    let opened = registry.live_conversations() as u64 - before.0;
    ensure!(opened == actors, "{opened} of {actors} actors live: give them more time with --rest");
    let each = (memory()? - before.1) / actors as f64;
    let deadline = Instant::now() + rest + PATIENCE;
    while registry.live_conversations() > 0 {
        ensure!(Instant::now() < deadline, "{} actors do not leave", registry.live_conversations());
        sleep(Duration::from_millis(20)).await;
    }
    let texts = QUESTION.len() + ANSWER.len() + 2 * Uuid::nil().to_string().len();
    let left = (memory()? - before.1) / actors as f64;
    println!("{}", serde_json::to_string(&Idle { actors, each, texts: texts as u64, left })?);
    Ok(())
}

fn memory() -> Result<f64> {
    Ok(process::rss(std::process::id())? as f64)
}

async fn open(registry: &Registry, count: u64) -> Result<()> {
    let mut turns = stream::iter(0..count).map(|_| turn(registry)).buffer_unordered(AT_ONCE);
    while let Some(turn) = turns.next().await {
        turn?;
    }
    Ok(())
}

async fn turn(registry: &Registry) -> Result<()> {
    let message = SendMessage {
        session_id: Uuid::new_v4().to_string().parse()?,
        message_id: Uuid::new_v4().to_string().parse()?,
        named: true,
        text: QUESTION.to_owned().try_into()?,
    };
    let attachment = registry.submit(message).await.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    let mut progress = attachment.progress;
    progress.wait_for(|progress| progress.stage().is_final()).await.context("a turn died")?;
    Ok(())
}

/// Answers at once.
struct Ready;

impl Assistant for Ready {
    fn answer(&self, _: Vec<PromptMessage>) -> Answer {
        let finished = Piece::Finished { finish_reason: FinishReason::Stop, model: "scripted".into(), usage: None };
        stream::iter([Ok(Piece::Tokens(ANSWER.into())), Ok(finished)]).boxed()
    }
}

/// A log that takes everything and keeps nothing.
struct Nowhere;

#[async_trait]
impl EventLog for Nowhere {
    async fn append(&self, _: ConversationId, _: u64, _: &[SealedEvent]) -> Append {
        Append::Appended(Position::START)
    }

    async fn read(&self, _: ConversationId, _: u64) -> Result<Vec<Recorded>, LogError> {
        Ok(Vec::new())
    }

    async fn erase(&self, _: &SealedEvent) -> Result<(), LogError> {
        Ok(())
    }

    fn subscribe(&self, _: Position) -> Subscription {
        stream::pending().boxed()
    }

    async fn end(&self) -> Result<Position, LogError> {
        Ok(Position::START)
    }

    fn identity(&self) -> LogIdentity {
        LogIdentity(Uuid::nil())
    }

    fn is_available(&self) -> bool {
        true
    }
}
