//! `audit verify`: every hash chain of a log, in its order.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, anyhow};
use chat_eventlog::Position;
use chat_eventlog::archive::{Archive, Chains, Checked, Fault, Place, Stored};
use chat_schema::Hash;

use super::replay::BATCH;
use super::time_text;

/// What was found.
#[derive(Default)]
struct Report {
    events: u64,
    erasures: u64,
    faults: u64,
    first: Option<(Place, Fault)>,
    /// What is wrong with the files, beside the events.
    damage: Option<String>,
    end: Position,
}

/// Checks and tells; false if something is wrong.
pub(super) async fn verify(
    archive: &dyn Archive,
    to_position: Option<u64>,
    kept: Option<&Path>,
    heads: Option<&Path>,
) -> anyhow::Result<bool> {
    let mut output = io::stdout().lock();
    let mut chains = Chains::new()?;
    if let Some(path) = kept {
        expect(&mut chains, path)?;
    }
    let (mut report, until) = (Report::default(), to_position.map_or(Position::new(u64::MAX), Position::new));
    report.damage = archive.damage().await?;
    'log: loop {
        let batch = match archive.scan(None, report.end, BATCH).await {
            // No more can be read of what is damaged.
            Err(_) if report.damage.is_some() => break,
            batch => batch?,
        };
        if batch.is_empty() {
            break;
        }
        for stored in &batch {
            if stored.position > until {
                break 'log;
            }
            look(&mut output, &mut chains, stored, &mut report)?;
        }
    }
    for place in chains.dropped()? {
        report.fault(place, Fault::Dropped);
    }
    if let Some(path) = heads {
        write_heads(&chains, path)?;
    }
    conclude(&mut output, &chains, &report)?;
    Ok(report.is_whole())
}

impl Report {
    fn is_whole(&self) -> bool {
        self.faults == 0 && self.damage.is_none()
    }

    fn fault(&mut self, place: Place, fault: Fault) {
        self.faults += 1;
        self.first.get_or_insert((place, fault));
    }
}

fn look(output: &mut impl Write, chains: &mut Chains, stored: &Stored, report: &mut Report) -> anyhow::Result<()> {
    (report.events, report.end) = (report.events + 1, stored.position);
    match chains.check(stored)? {
        Checked::Whole => {}
        Checked::Faulty(place, fault) => report.fault(place, fault),
        Checked::Erased { events, left } => {
            report.erasures += 1;
            let envelope = stored.open()?.envelope;
            let (id, at) = (envelope.conversation_id, time_text(envelope.recorded_at));
            writeln!(
                output,
                "erased: conversation {id}, {events} events before version {}, at {at}",
                envelope.version
            )?;
            if left > 0 {
                writeln!(output, "  not finished: {left} of them are still there; a server that starts finishes it")?;
            }
        }
    }
    Ok(())
}

fn conclude(output: &mut impl Write, chains: &Chains, report: &Report) -> anyhow::Result<()> {
    let Report { events, erasures, faults, first, damage, end } = report;
    let summary = chains.summary()?;
    writeln!(output, "{events} events up to position {end}, {} chains, {erasures} erasures", summary.heads)?;
    if let Some((place, fault)) = first {
        writeln!(output, "FAULT at {place}: {fault}")?;
        if *faults > 1 {
            writeln!(output, "{} more faults after it", faults - 1)?;
        }
    }
    if let Some(damage) = damage {
        writeln!(output, "FAULT in the log's file: {damage}")?;
    }
    if !report.is_whole() {
        return Ok(());
    }
    writeln!(output, "every chain is whole")?;
    writeln!(output, "heads: {} chains, position {end}, digest {}", summary.heads, summary.digest)?;
    writeln!(
        output,
        "A dropped end of a chain, a dropped chain, and chains that were computed anew show only beside heads that are kept \
         elsewhere: keep the file of --write-heads where whoever keeps the log cannot write, and pass it as --heads later."
    )?;
    Ok(())
}

/// A line a chain: conversation, version, hash.
fn write_heads(chains: &Chains, path: &Path) -> anyhow::Result<()> {
    let named = || format!("--write-heads {}", path.display());
    let mut file = BufWriter::new(File::create_new(path).with_context(named)?);
    let mut written = Ok(());
    chains.each_head(|conversation, version, hash| {
        if written.is_ok() {
            written = writeln!(file, "{conversation} {version} {hash}");
        }
    })?;
    written.and_then(|()| file.flush()).with_context(named)
}

fn expect(chains: &mut Chains, path: &Path) -> anyhow::Result<()> {
    let named = || format!("--heads {}", path.display());
    for (number, line) in (1..).zip(BufReader::new(File::open(path).with_context(named)?).lines()) {
        let line = line.with_context(named)?;
        let head = parse_head(&line)
            .ok_or_else(|| anyhow!("line {number} is not one of --write-heads"))
            .with_context(named)?;
        chains.expect(head.0, head.1, head.2)?;
    }
    Ok(())
}

fn parse_head(line: &str) -> Option<(chat_schema::ConversationId, u64, Hash)> {
    let mut words = line.split(' ');
    let (conversation, version, hash) = (words.next()?, words.next()?, words.next()?);
    let hash = serde_json::from_value(hash.into()).ok()?;
    Some((conversation.parse().ok()?, version.parse().ok()?, hash)).filter(|_| words.next().is_none())
}
