//! The pure steps of a turn: folding events, gathering what the model is shown, reading what it answers. `cargo xtask bench micro`.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench that meets an error has failed")]

use std::hint::black_box;

use chat_actors::bench::{Folded, read_answer};
use chat_schema::{Event, FinishReason, MessageId, OwnerId, Timings};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use uuid::Uuid;

const QUESTION: &str = "Where is my order, which I placed three days ago?";
const TURNS: u64 = 100;
const TOKENS: u64 = 50;

fn conversation() -> Vec<Event> {
    (0..TURNS).flat_map(turn).collect()
}

fn turn(number: u64) -> [Event; 2] {
    let id: MessageId = format!("message-{number}").parse().unwrap();
    let answer = "It left our warehouse this morning and should be with you tomorrow. ".repeat(5);
    let timings = Timings { first_token_ms: 300, total_ms: 2500 };
    [
        Event::UserMessaged {
            message_id: id.clone(),
            session_id: "visitor".parse().unwrap(),
            content: QUESTION.into(),
            owner: OwnerId::from(Uuid::nil()),
        },
        Event::AssistantReplied {
            in_reply_to: id,
            content: answer,
            model: "gpt-4.1-mini".into(),
            finish_reason: FinishReason::Stop,
            usage: None,
            timings,
        },
    ]
}

fn folding(criterion: &mut Criterion) {
    let events = conversation();
    let mut group = criterion.benchmark_group("conversation of 100 turns");
    group.throughput(Throughput::Elements(events.len() as u64));
    group.bench_function("fold", |b| b.iter(|| Folded::of(black_box(&events))));
    let folded = Folded::of(&events);
    let [asked, _] = turn(TURNS);
    group.throughput(Throughput::Elements(1));
    group.bench_function("evolve by one event", |b| {
        b.iter_batched(|| folded.clone(), |folded| folded.evolve(black_box(&asked)), BatchSize::SmallInput);
    });
    group.bench_function("history of 30 messages", |b| b.iter(|| folded.history(black_box(QUESTION), 30)));
}

fn reading(criterion: &mut Criterion) {
    let chunk = |content: &str, reason: &str| {
        format!(
            "data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1755600000,\"model\":\"scripted\",\
             \"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{content}\"}},\"finish_reason\":{reason}}}]}}\n\n"
        )
    };
    let token = chunk("warehouse ", "null");
    let mut separate = vec![token.clone(); TOKENS as usize];
    separate.push(chunk("", "\"stop\"") + "data: [DONE]\n\n");
    let whole = vec![separate.concat()];
    let mut group = criterion.benchmark_group("answer of 50 tokens");
    group.throughput(Throughput::Elements(TOKENS));
    for (name, body) in [("in one piece", whole), ("token by token", separate)] {
        assert_eq!(read_answer(&body), Some(TOKENS as usize));
        group.bench_function(name, |b| b.iter(|| read_answer(black_box(&body))));
    }
}

criterion_group!(benches, folding, reading);
criterion_main!(benches);
