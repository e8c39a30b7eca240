//! `audit replay`: events as they are stored, in the order of the log.

use std::io::{self, Write};
use std::time::Duration;

use chat_eventlog::Position;
use chat_eventlog::archive::{Archive, Chains, Checked, Stored};

use super::selection::Selection;
use super::stored_line::{in_words, stored_event};

/// Events read at once.
pub(super) const BATCH: usize = 1000;
/// Pause before a log that had nothing more is asked again.
const PAUSE: Duration = Duration::from_millis(500);

/// Prints what is selected; false if something of it does not follow from what is before it.
pub(super) async fn replay(
    archive: &dyn Archive,
    selection: &Selection,
    ndjson: bool,
    follow: bool,
) -> anyhow::Result<bool> {
    let mut output = io::BufWriter::new(io::stdout().lock());
    let (mut chains, mut after, mut whole) = (Chains::new()?, Position::START, true);
    loop {
        let batch = archive.scan(selection.stream(), after, BATCH).await?;
        for stored in &batch {
            after = stored.position;
            let verified = !matches!(chains.check(stored)?, Checked::Faulty(..));
            whole &= print(&mut output, stored, selection, verified, ndjson)?;
        }
        if batch.is_empty() {
            output.flush()?;
            if !follow {
                return Ok(whole);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// False if it is shown and not verified.
fn print(
    output: &mut impl Write,
    stored: &Stored,
    selection: &Selection,
    verified: bool,
    ndjson: bool,
) -> anyhow::Result<bool> {
    let event = stored.open().ok();
    if !selection.holds(stored, event.as_ref().map(|event| &event.envelope)) {
        return Ok(true);
    }
    if ndjson {
        serde_json::to_writer(&mut *output, &stored_event(stored, event.as_ref(), verified))
            .map_err(io::Error::from)?;
        output.write_all(b"\n")?;
    } else {
        output.write_all(in_words(stored, event.as_ref(), verified).as_bytes())?;
    }
    Ok(verified)
}
