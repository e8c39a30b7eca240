//! `open-chat seed`: made-up conversations in the configured log, for trials and benches.

use std::collections::HashMap;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use chat_eventlog::{Append, EventLog, Position, append_settled};
use chat_schema::samples::{DAYS, Samples};
use chat_schema::{ConversationId, SealedEvent};
use futures_util::{StreamExt, stream};
use tokio::task::coop::unconstrained;

use crate::audit::parse_time;
use crate::config::Config;
use crate::startup;

/// Events that are made before they are stored: no conversation has more than one append among those that wait together.
const ROUND: usize = 2000;
/// Appends that wait together: the log stores them with one fsync.
const WAITING: usize = 512;
/// For one append whose outcome is unknown.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two words about how far it is.
const TOLD: Duration = Duration::from_millis(500);
const BAR: usize = 30;

/// Fill the event log with made-up conversations, for trials and benches
///
/// Writes conversations of 2 to 8 messages into the configured EVENT_LOG, spread over 90 days: words of a fixed vocabulary, a few
/// of them common and most rare, with failures, ratings, token counts and times. The same seed makes the same events, to the byte.
/// Never use it on a log of real visitors: what is written can only be erased conversation by conversation. No server may run on an
/// embedded log meanwhile.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many
    #[arg(long, default_value_t = 1000, value_name = "N")]
    conversations: u64,
    /// Other conversations for another number
    #[arg(long, default_value_t = 1, value_name = "S")]
    seed: u64,
    /// When the 90 days end: RFC 3339, or milliseconds since 1970. Part of what makes the same events
    #[arg(long, default_value = "2026-01-01T00:00:00Z", value_parser = parse_time, value_name = "TIME")]
    until: u64,
    /// Write even if the log holds events already
    #[arg(long)]
    into_existing: bool,
}

/// Writes the conversations into the configured log.
pub(crate) async fn seed(config: Config, arguments: Arguments) -> anyhow::Result<()> {
    startup::use_ring();
    let named = || format!("EVENT_LOG={}", config.storage.event_log);
    let (log, _) = startup::open_log(&config).await?;
    let end = log.end().await.with_context(named)?;
    if end != Position::START && !arguments.into_existing {
        bail!("{} holds events already: name another log, or add --into-existing to write into this one", named());
    }
    let Arguments { seed, conversations, until, .. } = arguments;
    let samples = Samples::new(seed, conversations, until);
    let (mut told, mut written, started) = (Told::new(conversations), 0, Instant::now());
    let mut events = samples.events();
    loop {
        let round: Vec<_> = events.by_ref().take(ROUND).collect();
        if round.is_empty() {
            break;
        }
        written += round.len();
        told.begun += round.iter().filter(|event| event.envelope.version == 1).count() as u64;
        store(log.as_ref(), round).await.with_context(named)?;
        told.tell(written, started.elapsed());
    }
    told.end();
    println!(
        "{conversations} conversations ({written} events) of {DAYS} days written in {:.1} s",
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Appends events, those of one conversation together.
async fn store(log: &dyn EventLog, round: Vec<SealedEvent>) -> anyhow::Result<()> {
    let mut places: HashMap<ConversationId, usize> = HashMap::new();
    let mut appends: Vec<Vec<SealedEvent>> = Vec::new();
    for event in round {
        let place = *places.entry(event.envelope.conversation_id).or_insert(appends.len());
        match appends.get_mut(place) {
            Some(append) => append.push(event),
            None => appends.push(vec![event]),
        }
    }
    // In the order in which they begin, so that the same seed makes the same positions in the embedded log too: none may be put
    // off for others' sake.
    let mut outcomes = stream::iter(appends).map(|events| append(log, events)).buffered(WAITING);
    unconstrained(async {
        while let Some(outcome) = outcomes.next().await {
            outcome?;
        }
        Ok(())
    })
    .await
}

async fn append(log: &dyn EventLog, events: Vec<SealedEvent>) -> anyhow::Result<()> {
    let Some(first) = events.first().map(|event| &event.envelope) else { return Ok(()) };
    match append_settled(log, first.conversation_id, first.version - 1, &events, PATIENCE).await {
        Append::Appended(_) => Ok(()),
        Append::Conflict { .. } => bail!("holds conversations of this seed already: choose another --seed"),
        Append::Unknown | Append::Unavailable => bail!("takes no events now: begin again with an empty log"),
    }
}

/// How far it is: a bar where somebody looks, else lines now and then.
struct Told {
    conversations: u64,
    begun: u64,
    last: Instant,
    on_terminal: bool,
}

impl Told {
    fn new(conversations: u64) -> Self {
        Self { conversations, begun: 0, last: Instant::now(), on_terminal: io::stderr().is_terminal() }
    }

    fn tell(&mut self, written: usize, elapsed: Duration) {
        if self.last.elapsed() < TOLD {
            return;
        }
        self.last = Instant::now();
        let line = line(self.begun, self.conversations, written, elapsed);
        // Whoever closed standard error does not want to know.
        let _ = if self.on_terminal {
            write!(io::stderr(), "\r{} {line}  ", bar(self.begun, self.conversations))
        } else {
            writeln!(io::stderr(), "{line}")
        };
    }

    fn end(&self) {
        if self.on_terminal {
            let _ = writeln!(io::stderr());
        }
    }
}

fn bar(begun: u64, conversations: u64) -> String {
    let full = (BAR as u64 * begun / conversations.max(1)) as usize;
    format!("[{}{}]", "#".repeat(full), "-".repeat(BAR - full))
}

/// How far it is, how fast it goes, and how long it will still take at that.
fn line(begun: u64, conversations: u64, written: usize, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64().max(0.001);
    let left = conversations.saturating_sub(begun) as f64 * seconds / begun.max(1) as f64;
    let rate = written as f64 / seconds;
    format!("{begun} of {conversations} conversations, {rate:.0} events/s, about {left:.0} s left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_tells_rate_and_remaining_time() {
        assert_eq!(
            line(250, 1000, 1500, Duration::from_secs(2)),
            "250 of 1000 conversations, 750 events/s, about 6 s left"
        );
        assert_eq!(bar(500, 1000), format!("[{}{}]", "#".repeat(15), "-".repeat(15)));
        assert_eq!(bar(0, 0).len(), 32);
    }
}
