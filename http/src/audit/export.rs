//! `audit export`, and the lines of the server's exports.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, anyhow};
use chat_eventlog::Position;
use chat_eventlog::archive::Archive;
use chat_schema::{ConversationId, Envelope, ExportFormat, ExportLine, Hash};

use super::csv_rows::{csv_head, csv_row};
use super::replay::BATCH;
use super::selection::Selection;

/// The line of one event in an NDJSON export.
pub(crate) fn ndjson_line(position: Position, hash: Hash, envelope: &Envelope) -> Vec<u8> {
    let line = ExportLine { position: position.get(), hash, envelope };
    let mut line = serde_json::to_vec(&line).expect("an envelope has string keys only, so it is always JSON");
    line.push(b'\n');
    line
}

/// Writes what is selected. What operators did is written only if it is asked for.
pub(super) async fn export(
    archive: &dyn Archive,
    selection: &Selection,
    format: ExportFormat,
    file: Option<&Path>,
) -> anyhow::Result<()> {
    let mut output = open(file)?;
    if format == ExportFormat::Csv {
        output.write_all(&csv_head())?;
    }
    let mut after = Position::START;
    loop {
        let batch = archive.scan(selection.stream(), after, BATCH).await?;
        let Some(last) = batch.last() else { break };
        after = last.position;
        for stored in &batch {
            let event = stored.open().map_err(|_| {
                anyhow!("the event at position {} cannot be read: run `open-chat audit verify`", stored.position)
            })?;
            let envelope = &event.envelope;
            let hidden = selection.stream().is_none() && envelope.conversation_id == ConversationId::OPERATORS;
            if hidden || !selection.holds(stored, Some(envelope)) {
                continue;
            }
            output.write_all(&match format {
                ExportFormat::Ndjson => ndjson_line(stored.position, stored.hash, envelope),
                ExportFormat::Csv => csv_row(stored.position, envelope),
            })?;
        }
    }
    Ok(output.flush()?)
}

fn open(file: Option<&Path>) -> anyhow::Result<Box<dyn Write>> {
    Ok(match file {
        None => Box::new(BufWriter::new(io::stdout().lock())),
        Some(path) => Box::new(BufWriter::new(
            File::create_new(path)
                .with_context(|| format!("--output {}: choose a file that can be made", path.display()))?,
        )),
    })
}
