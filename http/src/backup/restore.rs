//! `open-chat restore`: every event of a backup, byte for byte, into an empty log.

use std::collections::HashSet;
use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};
use chat_eventlog::archive::{Archive, Chains, Checked};
use chat_eventlog::{EventLog, Position};
use chat_schema::{ConversationId, SealedEvent};

use super::lines::Last;
use super::reading::{Backup, Line};
use super::told;
use crate::bulk::{APPEND_BYTES, APPEND_EVENTS, Refused, WAITING, append_all};
use crate::config::Config;
use crate::progress::Progress;
use crate::startup;

/// Events looked at at once, to see what was restored.
const BATCH: usize = 1000;

/// Write a backup into the configured EVENT_LOG, which must be empty
///
/// The whole file is checked before anything is written. Events keep their bytes, hashes, times and order; positions are the new
/// log's own, and read models are built anew from it. What was erased before the backup ended stays erased. No server may use the log
/// meanwhile. It ends by reading what it wrote, and says so only if every chain is that of the backup.
#[derive(clap::Args)]
pub(crate) struct RestoreArguments {
    /// Go on with a restore of the same file that was cut short
    #[arg(long)]
    resume: bool,
    /// The file of `open-chat backup`, or - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Restores, and checks what came of it.
pub(crate) async fn restore(config: Config, RestoreArguments { resume, file }: RestoreArguments) -> anyhow::Result<()> {
    startup::use_ring();
    let backup = Backup::open(&file)?;
    let (chains, last) = backup.check()?;
    let named = || format!("EVENT_LOG={}", config.storage.event_log);
    let (log, _) = startup::open_log(&config).await?;
    if !resume && log.end().await.with_context(named)? != Position::START {
        bail!("{} holds events already: name an empty log, or add --resume if they are of this backup", named());
    }
    write(&backup, &chains, &last, &*log).await.with_context(named)?;
    let archive = startup::open_archive(&config.storage).await.with_context(named)?;
    let restored = heads(&*archive).await.with_context(named)?;
    if (restored.conversations, restored.digest) != (last.conversations, last.digest) {
        bail!("{} holds something else than the backup: {}, not {}", named(), told(&restored), told(&last));
    }
    println!("restored: {}; every chain is that of the backup", told(&restored));
    Ok(())
}

/// Writes everything that is not erased, in order.
async fn write(backup: &Backup, chains: &Chains, last: &Last, log: &dyn EventLog) -> anyhow::Result<()> {
    let (mut lines, mut window) = (backup.lines()?, Window::default());
    let (mut progress, mut read) = (Progress::new("events", Some(last.events)), 0);
    while let Line::Event(event) = lines.next()? {
        read += 1;
        let envelope = &event.envelope;
        let erased = chains.first(envelope.conversation_id)?.is_some_and(|first| envelope.version < first);
        if erased {
            continue;
        }
        if !window.admits(&event) {
            append_all(log, window.appends()).await.map_err(refusal)?;
            progress.tell(read, read);
        }
        window.put(event);
    }
    append_all(log, window.appends()).await.map_err(refusal)?;
    progress.end();
    Ok(())
}

/// Appends that may be under way at the same time and still keep the order: no two of them are of one conversation.
#[derive(Default)]
struct Window {
    appends: Vec<Vec<SealedEvent>>,
    conversations: HashSet<ConversationId>,
    /// Of the last append.
    bytes: usize,
}

impl Window {
    /// Whether the next event may be put in; if not, what is there is to be stored first. An empty one takes any event.
    fn admits(&self, event: &SealedEvent) -> bool {
        let is_new = !self.conversations.contains(&event.envelope.conversation_id);
        self.goes_on_with(event) || is_new && self.appends.len() < WAITING
    }

    /// Whether the event belongs to the last append.
    fn goes_on_with(&self, event: &SealedEvent) -> bool {
        self.appends.last().is_some_and(|append| {
            append[0].envelope.conversation_id == event.envelope.conversation_id
                && append.len() < APPEND_EVENTS
                && self.bytes + event.bytes.len() <= APPEND_BYTES
        })
    }

    fn put(&mut self, event: SealedEvent) {
        let bytes = event.bytes.len();
        if self.goes_on_with(&event)
            && let Some(append) = self.appends.last_mut()
        {
            self.bytes += bytes;
            append.push(event);
        } else {
            self.bytes = bytes;
            self.conversations.insert(event.envelope.conversation_id);
            self.appends.push(vec![event]);
        }
    }

    /// What was put in; the window is empty again.
    fn appends(&mut self) -> Vec<Vec<SealedEvent>> {
        self.conversations.clear();
        std::mem::take(&mut self.appends)
    }
}

fn refusal(refused: Refused) -> anyhow::Error {
    match refused {
        Refused::Conflict(conversation) => {
            anyhow!("holds other events of conversation {conversation}: name an empty log")
        }
        Refused::Away => anyhow!("takes no events now: call it again with --resume"),
    }
}

/// What a log holds.
async fn heads(archive: &dyn Archive) -> anyhow::Result<Last> {
    let (mut chains, mut events, mut end) = (Chains::new()?, 0, Position::START);
    loop {
        let batch = archive.scan(None, end, BATCH).await?;
        let Some(last) = batch.last() else { break };
        end = last.position;
        events += batch.len() as u64;
        for stored in &batch {
            if let Checked::Faulty(place, fault) = chains.check(stored)? {
                bail!("{place}: {fault}");
            }
        }
    }
    let summary = chains.summary()?;
    Ok(Last { events, position: end.get(), conversations: summary.heads, digest: summary.digest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_takes_runs_of_a_conversation_together_and_no_conversation_twice() {
        let of = |session: &str, count: u64| {
            let conversation = ConversationId::of(&session.parse().unwrap());
            let mut head = chat_schema::Head::EMPTY;
            (0..count)
                .map(|_| {
                    let event = chat_schema::Event::MessageRated { message_id: "m".parse().unwrap(), rating: None };
                    let sealed = SealedEvent::seal(head, conversation, uuid::Uuid::nil().into(), 1, event);
                    head = sealed.head();
                    sealed
                })
                .collect::<Vec<_>>()
        };
        let (a, b) = (of("a", 600), of("b", 1));
        let mut window = Window::default();
        for event in a[..2].iter().chain(&b) {
            assert!(window.admits(event));
            window.put(event.clone());
        }
        assert!(!window.admits(&a[2]), "its place is behind what waits");
        assert_eq!(window.appends().iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);

        for event in a.iter().take(APPEND_EVENTS) {
            assert!(window.admits(event));
            window.put(event.clone());
        }
        assert!(!window.admits(&a[APPEND_EVENTS]) && window.admits(&b[0]));
        assert_eq!(window.appends().len(), 1);
    }
}
