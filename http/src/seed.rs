//! `open-chat seed`: made-up conversations in the configured log, for trials and benches.

use std::collections::HashMap;

use anyhow::{Context, anyhow, bail};
use chat_eventlog::Position;
use chat_schema::samples::{DAYS, Samples};
use chat_schema::{ConversationId, SealedEvent};

use crate::audit::parse_time;
use crate::bulk::{Refused, append_all};
use crate::config::Config;
use crate::progress::Progress;
use crate::startup;

/// Events that are made before they are stored: no conversation has more than one append among those that wait together.
const ROUND: usize = 2000;

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
    let (mut progress, mut begun, mut written) = (Progress::new("conversations", Some(conversations)), 0, 0);
    let mut events = samples.events();
    loop {
        let round: Vec<_> = events.by_ref().take(ROUND).collect();
        if round.is_empty() {
            break;
        }
        written += round.len() as u64;
        begun += round.iter().filter(|event| event.envelope.version == 1).count() as u64;
        append_all(log.as_ref(), by_conversation(round)).await.map_err(refusal).with_context(named)?;
        progress.tell(begun, written);
    }
    let elapsed = progress.end();
    println!(
        "{conversations} conversations ({written} events) of {DAYS} days written in {:.1} s",
        elapsed.as_secs_f64()
    );
    Ok(())
}

/// Those of one conversation together, in the order in which they begin, so that the same seed makes the same positions too.
fn by_conversation(round: Vec<SealedEvent>) -> Vec<Vec<SealedEvent>> {
    let mut places: HashMap<ConversationId, usize> = HashMap::new();
    let mut appends: Vec<Vec<SealedEvent>> = Vec::new();
    for event in round {
        let place = *places.entry(event.envelope.conversation_id).or_insert(appends.len());
        match appends.get_mut(place) {
            Some(append) => append.push(event),
            None => appends.push(vec![event]),
        }
    }
    appends
}

fn refusal(refused: Refused) -> anyhow::Error {
    match refused {
        Refused::Conflict(_) => anyhow!("holds conversations of this seed already: choose another --seed"),
        Refused::Away => anyhow!("takes no events now: begin again with an empty log"),
    }
}
