//! Writing a backup: every event of the log up to where it ended when that was reached.

use std::io::Write;

use anyhow::anyhow;
use chat_eventlog::Position;
use chat_eventlog::archive::{Archive, Chains, Checked, Stored};
use serde::Serialize;

use super::lines::{EventLine, FORMAT, First, Last};
use crate::audit::time_text;
use crate::clock::now;
use crate::progress::Progress;

/// Events read at once.
const BATCH: usize = 1000;

/// Writes all lines. What is appended meanwhile is in it or not, but never without what stands before it.
pub(super) async fn write(archive: &dyn Archive, output: &mut impl Write) -> anyhow::Result<Last> {
    let made_at = time_text(now());
    let made_by = env!("CARGO_PKG_VERSION").to_owned();
    line(output, &First { open_chat_backup: FORMAT, made_at, made_by })?;
    let (mut chains, mut progress) = (Chains::new()?, Progress::new("events", None));
    let (mut events, mut end) = (0, Position::START);
    loop {
        let batch = archive.scan(None, end, BATCH).await?;
        let Some(last) = batch.last() else { break };
        end = last.position;
        for stored in &batch {
            line(output, &checked(&mut chains, stored)?)?;
        }
        events += batch.len() as u64;
        progress.tell(events, events);
    }
    progress.end();
    let summary = chains.summary()?;
    let last = Last { events, position: end.get(), conversations: summary.heads, digest: summary.digest };
    line(output, &last)?;
    Ok(last)
}

fn checked<'a>(chains: &mut Chains, stored: &'a Stored) -> anyhow::Result<EventLine<'a>> {
    if let Checked::Faulty(place, fault) = chains.check(stored)? {
        return Err(anyhow!(
            "{place}: {fault}: no backup is made of a log that is not whole; keep the last good one, and see `open-chat audit \
             verify`"
        ));
    }
    let position = stored.position;
    EventLine::of(stored).ok_or_else(|| anyhow!("the event at position {position} is not JSON on one line"))
}

fn line(output: &mut impl Write, value: &impl Serialize) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *output, value)?;
    Ok(output.write_all(b"\n")?)
}
