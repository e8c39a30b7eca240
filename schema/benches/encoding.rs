//! What every event and every token costs to write: `cargo xtask bench micro`.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench that meets an error has failed")]

use std::hint::black_box;

use chat_schema::{
    ConversationId, Event, FinishReason, Hash, Head, OwnerId, SealedEvent, SessionId, StreamLine, Timings, Usage,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use uuid::Uuid;

const SENTENCE: &str = "It left our warehouse this morning and should be with you tomorrow. ";
const SENTENCES: usize = 8;
const TOKENS: usize = 50;

fn session() -> SessionId {
    "0b7e6d3c-98f1-4c55-a2f0-64d1c5b8a9e7".parse().unwrap()
}

fn asked() -> Event {
    let (message_id, owner) = ("m1".parse().unwrap(), OwnerId::from(Uuid::nil()));
    Event::UserMessaged { message_id, session_id: session(), content: SENTENCE.into(), owner }
}

fn replied() -> Event {
    Event::AssistantReplied {
        in_reply_to: "m1".parse().unwrap(),
        content: SENTENCE.repeat(SENTENCES),
        model: "gpt-4.1-mini".into(),
        finish_reason: FinishReason::Stop,
        usage: Some(Usage { prompt_tokens: 300, completion_tokens: 120 }),
        timings: Timings { first_token_ms: 300, total_ms: 2500 },
    }
}

fn seal(event: Event) -> SealedEvent {
    let id = ConversationId::of(&session());
    SealedEvent::seal(Head::EMPTY, id, Uuid::nil().into(), 1_755_600_000_000, event)
}

fn events(criterion: &mut Criterion) {
    for (name, event) in [("question", asked()), ("answer", replied())] {
        let sealed = seal(event.clone());
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(sealed.bytes.len() as u64));
        group.bench_function("encode", |b| b.iter(|| serde_json::to_vec(black_box(&sealed.envelope)).unwrap()));
        group.bench_function("hash", |b| b.iter(|| Hash::link(&Hash::ZERO, black_box(&sealed.bytes))));
        group.bench_function("seal", |b| b.iter(|| seal(black_box(event.clone()))));
        group.bench_function("open", |b| b.iter(|| SealedEvent::open(black_box(sealed.bytes.clone()), sealed.hash)));
    }
}

fn lines(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("stream");
    group.throughput(Throughput::Elements(TOKENS as u64));
    group.bench_function("50 token lines", |b| {
        b.iter(|| {
            let mut chunk = Vec::new();
            for _ in 0..TOKENS {
                serde_json::to_writer(&mut chunk, &StreamLine::Token { token: black_box("warehouse ").into() })
                    .unwrap();
                chunk.push(b'\n');
            }
            chunk
        });
    });
}

criterion_group!(benches, events, lines);
criterion_main!(benches);
