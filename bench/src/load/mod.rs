//! The load generator: visitors in a process of their own, who send messages and read every line of the answers.
//!
//! A visitor with a time to send at is measured from that time, not from when it got round to it: an answer that is late makes the
//! next one late too, and that counts.

mod lines;
mod visitor;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use chat_schema::samples::Samples;
use chat_schema::{Event, SessionId};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

pub(crate) use self::lines::Protocol;
use self::visitor::{Target, Visitor};
use crate::script::Script;
use crate::stats::Quantiles;

/// Where conversations that are known already come from, as `open-chat seed` makes them by itself.
const SEED: u64 = 1;
/// 2026-01-01.
const UNTIL: u64 = 1_767_225_600_000;
/// Longest time for one answer; a bound on hangs, not a measurement.
const PATIENCE: Duration = Duration::from_secs(120);

/// What to send, and where.
#[derive(clap::Args, Debug, Clone)]
pub(crate) struct Arguments {
    /// The server's address, such as 127.0.0.1:4000
    #[arg(long)]
    pub(crate) address: String,
    /// How it is spoken to
    #[arg(long, value_enum)]
    pub(crate) protocol: Protocol,
    /// What the model is asked for
    #[arg(long)]
    pub(crate) script: Script,
    /// Visitors who send again as soon as they have their answer, for `--seconds`
    #[arg(long, default_value_t = 0)]
    pub(crate) clients: u32,
    /// How long visitors go on
    #[arg(long, default_value_t = 1.0)]
    pub(crate) seconds: f64,
    /// Instead: messages a second, each at its time on its own connection, whatever became of the others
    #[arg(long, default_value_t = 0.0)]
    pub(crate) rate: f64,
    /// How many messages of that rate
    #[arg(long, default_value_t = 0)]
    pub(crate) count: u32,
    /// Messages of one visitor in one conversation
    #[arg(long, default_value_t = 5)]
    pub(crate) turns: u32,
    /// Conversations of `open-chat seed` that are visited instead of new ones
    #[arg(long, default_value_t = 0)]
    pub(crate) known: u64,
}

/// What came of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Answers that came to their end.
    pub(crate) turns: u64,
    pub(crate) tokens: u64,
    /// Answers that did not.
    pub(crate) errors: u64,
    /// What the first of them was.
    pub(crate) first_error: Option<String>,
    /// From the first intended beginning to the last end.
    pub(crate) seconds: f64,
    /// What that would be with servers that take no time.
    pub(crate) ideal_seconds: f64,
    /// From a message's intended time to its first token.
    pub(crate) first_token_ms: Quantiles,
    /// From a message's intended time to the end of its answer.
    pub(crate) turn_ms: Quantiles,
    /// What the way from the model added to the time between two tokens.
    pub(crate) added_gap_ms: Quantiles,
}

/// What visitors saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    tokens: u64,
    first_token_ms: Vec<f64>,
    turn_ms: Vec<f64>,
    added_gap_ms: Vec<f64>,
    errors: Vec<String>,
    last_end: Option<Instant>,
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.tokens += other.tokens;
        self.first_token_ms.extend(other.first_token_ms);
        self.turn_ms.extend(other.turn_ms);
        self.added_gap_ms.extend(other.added_gap_ms);
        self.errors.extend(other.errors);
        self.last_end = self.last_end.max(other.last_end);
    }

    fn report(self, begin: Instant, ideal: Duration) -> Report {
        Report {
            turns: self.turn_ms.len() as u64,
            tokens: self.tokens,
            errors: self.errors.len() as u64,
            first_error: self.errors.into_iter().next(),
            seconds: self.last_end.map_or(0.0, |end| (end - begin).as_secs_f64()),
            ideal_seconds: ideal.as_secs_f64(),
            first_token_ms: Quantiles::of(self.first_token_ms),
            turn_ms: Quantiles::of(self.turn_ms),
            added_gap_ms: Quantiles::of(self.added_gap_ms),
        }
    }
}

/// Runs the visitors and prints the report as JSON.
pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let target = Arc::new(Target::of(&arguments));
    let begin = Instant::now();
    let (seen, ideal) = if arguments.clients > 0 {
        let seconds = Duration::from_secs_f64(arguments.seconds);
        (closed(&arguments, &target, begin + seconds).await?, seconds)
    } else {
        let last = Duration::from_secs_f64(f64::from(arguments.count.saturating_sub(1)) / arguments.rate);
        (paced(&arguments, &target, begin).await?, last + arguments.script.ideal())
    };
    println!("{}", serde_json::to_string(&seen.report(begin, ideal))?);
    Ok(())
}

/// Visitors who send again as soon as they have their answer.
async fn closed(arguments: &Arguments, target: &Arc<Target>, until: Instant) -> Result<Seen> {
    let visitors = (0..arguments.clients).map(|number| {
        let (target, mut sessions) = (Arc::clone(target), Sessions::of(arguments, number));
        tokio::spawn(async move {
            let (mut visitor, mut seen) = (Visitor::default(), Seen::default());
            while Instant::now() < until {
                visitor.ask(&target, &sessions.next(), Instant::now(), &mut seen).await;
            }
            seen
        })
    });
    join(visitors.collect()).await
}

/// Each message at its time, by a visitor who has nothing else to do.
async fn paced(arguments: &Arguments, target: &Arc<Target>, begin: Instant) -> Result<Seen> {
    let (idle, visitors) = (Arc::new(tokio::sync::Mutex::new(Vec::<(Visitor, Sessions)>::new())), 0..arguments.count);
    let visitors = visitors.map(|number| {
        let intended = begin + Duration::from_secs_f64(f64::from(number) / arguments.rate);
        let (target, idle, arguments) = (Arc::clone(target), Arc::clone(&idle), arguments.clone());
        tokio::spawn(async move {
            tokio::time::sleep_until(intended).await;
            let free = idle.lock().await.pop();
            let (mut visitor, mut sessions) =
                free.unwrap_or_else(|| (Visitor::default(), Sessions::of(&arguments, number)));
            let mut seen = Seen::default();
            visitor.ask(&target, &sessions.next(), intended, &mut seen).await;
            idle.lock().await.push((visitor, sessions));
            seen
        })
    });
    join(visitors.collect()).await
}

async fn join(visitors: Vec<tokio::task::JoinHandle<Seen>>) -> Result<Seen> {
    let mut all = Seen::default();
    for visitor in visitors {
        all.add(visitor.await.context("a visitor died")?);
    }
    Ok(all)
}

/// The conversations a visitor goes through.
struct Sessions {
    known: u64,
    turns: u32,
    current: Option<(SessionId, u32)>,
    chance: u64,
    samples: Option<Samples>,
}

impl Sessions {
    fn of(arguments: &Arguments, number: u32) -> Self {
        let samples = (arguments.known > 0).then(|| Samples::new(SEED, arguments.known, UNTIL));
        // Any odd multiplier spreads visitors over the known conversations, other ones in each process.
        let chance = u64::from(std::process::id()).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(number);
        Self { known: arguments.known, turns: arguments.turns.max(1), current: None, chance, samples }
    }

    fn next(&mut self) -> SessionId {
        let (session, left) = match self.current.take() {
            Some((session, left)) if left > 0 => (session, left),
            _ => (self.another(), self.turns),
        };
        self.current = Some((session.clone(), left - 1));
        session
    }

    fn another(&mut self) -> SessionId {
        self.known_session().unwrap_or_else(|| {
            Uuid::new_v4().to_string().parse().unwrap_or_else(|_| unreachable!("a UUID is of the id alphabet"))
        })
    }

    fn known_session(&mut self) -> Option<SessionId> {
        let samples = self.samples.as_ref()?;
        // Knuth's generator; its high bits are the good ones.
        self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let events = samples.conversation((self.chance >> 33) % self.known);
        events.into_iter().find_map(|event| match event.envelope.event {
            Event::UserMessaged { session_id, .. } => Some(session_id),
            _ => None,
        })
    }
}
