//! Reading a backup: once to see that it is whole, then again to restore it.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use chat_eventlog::Position;
use chat_eventlog::archive::{Chains, Checked, Stored};
use chat_schema::SealedEvent;
use tempfile::NamedTempFile;

use super::lines::{EventLine, FORMAT, First, Last};

/// A backup, in a file that can be read more than once.
pub(super) struct Backup {
    path: PathBuf,
    /// What came by standard input.
    spooled: Option<NamedTempFile>,
}

/// A backup while it is read.
pub(super) struct Lines {
    file: BufReader<File>,
    line: Vec<u8>,
    number: u64,
    name: String,
}

/// What a line after the first one holds.
pub(super) enum Line {
    Event(SealedEvent),
    Last(Last),
}

impl Backup {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        if path != Path::new("-") {
            return Ok(Self { path: path.to_owned(), spooled: None });
        }
        let mut spooled =
            NamedTempFile::new().context("standard input needs room in the directory of temporary files")?;
        io::copy(&mut io::stdin().lock(), &mut spooled).context("standard input cannot be kept")?;
        Ok(Self { path: spooled.path().to_owned(), spooled: Some(spooled) })
    }

    /// Its chains and its last line, if it is whole.
    pub(super) fn check(&self) -> anyhow::Result<(Chains, Last)> {
        let (mut chains, mut lines, mut events) = (Chains::new()?, self.lines()?, 0);
        loop {
            match lines.next()? {
                Line::Event(event) => {
                    events += 1;
                    if let Checked::Faulty(_, fault) = chains.check(&stored(&event, events))? {
                        bail!("{}: {fault}", lines.place());
                    }
                }
                Line::Last(last) => {
                    let summary = chains.summary()?;
                    if (last.events, last.conversations, last.digest) != (events, summary.heads, summary.digest) {
                        bail!("{}: the events before it are not those that it tells of", lines.place());
                    }
                    return Ok((chains, last));
                }
            }
        }
    }

    /// From the first event on.
    pub(super) fn lines(&self) -> anyhow::Result<Lines> {
        let name = self.path.display().to_string();
        let file = BufReader::new(File::open(&self.path).with_context(|| name.clone())?);
        let name = if self.spooled.is_some() { "standard input".to_owned() } else { name };
        let mut lines = Lines { file, line: Vec::new(), number: 0, name };
        lines.read()?;
        first(&lines.line).with_context(|| lines.place())?;
        Ok(lines)
    }
}

impl Lines {
    /// The next line; not to be called again after the last one.
    pub(super) fn next(&mut self) -> anyhow::Result<Line> {
        self.read()?;
        let line = parse(&self.line).with_context(|| self.place())?;
        if matches!(line, Line::Last(_)) && !self.file.fill_buf()?.is_empty() {
            bail!("{}: something follows it, though it is the last one", self.place());
        }
        Ok(line)
    }

    /// File and line, for complaints.
    pub(super) fn place(&self) -> String {
        format!("{}: line {}", self.name, self.number)
    }

    /// A line without its end, which only a whole one has.
    fn read(&mut self) -> anyhow::Result<()> {
        self.number += 1;
        self.line.clear();
        self.file.read_until(b'\n', &mut self.line).with_context(|| self.place())?;
        if self.line.pop() != Some(b'\n') {
            bail!("{}: the file ends here, before its last line: this is a part of a backup", self.place());
        }
        Ok(())
    }
}

fn stored(event: &SealedEvent, number: u64) -> Stored {
    let envelope = &event.envelope;
    Stored {
        position: Position::new(number),
        conversation: Some(envelope.conversation_id),
        version: Some(envelope.version),
        hash: event.hash,
        bytes: event.bytes.clone(),
    }
}

fn first(line: &[u8]) -> anyhow::Result<()> {
    let Ok(First { open_chat_backup: format, made_by, .. }) = serde_json::from_slice(line) else {
        bail!("this is no file of `open-chat backup`");
    };
    if format > FORMAT {
        bail!(
            "format {format} was written by open-chat {made_by}, this release reads up to {FORMAT}: upgrade open-chat"
        );
    }
    Ok(())
}

fn parse(line: &[u8]) -> anyhow::Result<Line> {
    if let Ok(event) = serde_json::from_slice::<EventLine<'_>>(line) {
        return Ok(Line::Event(event.open()?));
    }
    serde_json::from_slice(line).map(Line::Last).map_err(|_| anyhow!("this is neither an event nor the last line"))
}
