//! How fast a log on JetStream is replayed: read models from its first event on, beside `subscribe` alone and a bare consumer, in turn in the
//! same run. `cargo xtask bench replay [--events N]`.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench that meets an error has failed")]

#[path = "support/jetstream.rs"]
mod jetstream;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::{AckPolicy, pull};
use chat_eventlog::{Append, EventLog, Position};
use chat_projections::{CaughtUp, ReadModels};
use chat_schema::{ConversationId, Event, FinishReason, Head, OwnerId, SealedEvent, SessionId, Timings};
use futures_util::stream::{self, StreamExt};
use uuid::Uuid;

const ROUNDS: usize = 3;
const TURNS: u64 = 5;
const WRITERS: usize = 256;

#[tokio::main]
async fn main() {
    let events: u64 = std::env::var("BENCH_EVENTS").map_or(1_000_000, |events| events.parse().unwrap());
    let (server, log) = jetstream::log().await;
    let log: Arc<dyn EventLog> = Arc::new(log);
    let filled = fill(&log, events).await;
    println!("{filled} events in {} conversations", filled / (2 * TURNS));

    let mut rates = Vec::new();
    for round in 1..=ROUNDS {
        let bare = rate(filled, Box::pin(bare_consumer(&server.url(), filled))).await;
        let subscribed = rate(filled, subscription(&log, filled)).await;
        let projected = rate(filled, projection(&log)).await;
        println!(
            "round {round}: bare consumer {bare:.0}/s, subscribe {subscribed:.0}/s ({:.2}), projected {projected:.0}/s ({:.2})",
            subscribed / bare,
            projected / bare
        );
        rates.push((subscribed / bare, projected / bare));
    }
    println!(
        "of the bare consumer: subscribe {}, projected {}",
        spread(&rates, |rate| rate.0),
        spread(&rates, |rate| rate.1)
    );
}

async fn rate(events: u64, replay: impl Future<Output = ()>) -> f64 {
    let begin = Instant::now();
    replay.await;
    events as f64 / begin.elapsed().as_secs_f64()
}

fn spread(rates: &[(f64, f64)], of: impl Fn(&(f64, f64)) -> f64) -> String {
    let mut rates: Vec<f64> = rates.iter().map(of).collect();
    rates.sort_by(f64::total_cmp);
    format!("{:.2} ({:.2} to {:.2})", rates[rates.len() / 2], rates[0], rates[rates.len() - 1])
}

/// Writes about `events` events, in conversations of a few turns; answers how many.
async fn fill(log: &Arc<dyn EventLog>, events: u64) -> u64 {
    let conversations = events.div_ceil(2 * TURNS);
    stream::iter(0..conversations)
        .for_each_concurrent(WRITERS, |number| async move {
            for event in conversation(number) {
                let envelope = &event.envelope;
                let events = std::slice::from_ref(&event);
                let outcome = log.append(envelope.conversation_id, envelope.version - 1, events).await;
                assert!(matches!(outcome, Append::Appended(_)), "{outcome:?}");
            }
        })
        .await;
    conversations * 2 * TURNS
}

fn conversation(number: u64) -> Vec<SealedEvent> {
    let session_id: SessionId = format!("session-{number}").parse().unwrap();
    let (id, mut head, mut events) = (ConversationId::of(&session_id), Head::EMPTY, Vec::new());
    for turn in 0..TURNS {
        let message_id: chat_schema::MessageId = format!("m{turn}").parse().unwrap();
        let asked = Event::UserMessaged {
            message_id: message_id.clone(),
            session_id: session_id.clone(),
            content: format!("Where is order {number}, which I placed {turn} days ago?"),
            owner: OwnerId::from(Uuid::nil()),
        };
        let replied = Event::AssistantReplied {
            in_reply_to: message_id,
            content: format!("Order {number} left our warehouse {turn} hours ago and should be with you tomorrow."),
            model: "bench".into(),
            finish_reason: FinishReason::Stop,
            usage: None,
            timings: Timings { first_token_ms: 200, total_ms: 900 },
        };
        for event in [asked, replied] {
            let event_id = Uuid::from_u64_pair(number, head.version).into();
            let event = SealedEvent::seal(head, id, event_id, 1_755_600_000_000 + number * 60_000, event);
            head = event.head();
            events.push(event);
        }
    }
    events
}

/// The floor: the client library's consumer, whose messages nobody looks into.
async fn bare_consumer(url: &str, events: u64) {
    let client = async_nats::connect(url).await.unwrap();
    let stream = async_nats::jetstream::new(client).get_stream(jetstream::STREAM).await.unwrap();
    let config = pull::Config { ack_policy: AckPolicy::None, memory_storage: true, ..Default::default() };
    let consumer = stream.create_consumer(config).await.unwrap();
    let messages = consumer.stream().max_messages_per_batch(5000).messages().await.unwrap();
    let mut messages = messages.take(usize::try_from(events).unwrap());
    while let Some(message) = messages.next().await {
        message.unwrap();
    }
}

async fn subscription(log: &Arc<dyn EventLog>, events: u64) {
    let mut events = log.subscribe(Position::START).take(usize::try_from(events).unwrap());
    while let Some(event) = events.next().await {
        event.unwrap();
    }
}

async fn projection(log: &Arc<dyn EventLog>) {
    let dir = tempfile::tempdir().unwrap();
    let models = Arc::new(ReadModels::open(dir.path(), log.identity()).unwrap());
    let following = tokio::spawn(Arc::clone(&models).follow(Arc::clone(log)));
    let caught_up = models.caught_up(log.end().await.unwrap(), Duration::from_secs(3600)).await;
    assert_eq!(caught_up, CaughtUp::Reached);
    following.abort();
}
