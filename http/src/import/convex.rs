//! `open-chat import convex`: reads an export, then writes what of it is not in the log yet.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};
use chat_eventlog::EventLog;
use chat_schema::{ConversationId, Event, SealedEvent, SessionId};
use futures_util::{StreamExt, stream};

use super::documents::{Documents, Message};
use super::export::Export;
use super::report::Report;
use super::story::{Import, Story};
use crate::bulk::{APPEND_BYTES, APPEND_EVENTS, Refused, append};
use crate::config::Config;
use crate::progress::Progress;
use crate::startup;

/// Conversations that are read and written at the same time.
const AT_ONCE: usize = 64;
/// Bad lines that are shown; the rest is counted.
const SHOWN: usize = 20;

/// Import the conversations of the upstream product, as `npx convex export` wrote them
///
/// Reads the whole export into memory first, and writes nothing if a line of it is not understood. Conversations keep their sessions, so
/// that visitors find them again, and their times. Calling it again, or with a later export, adds what is new. A conversation in which
/// something has happened here since is left as it is, and so is one that was erased here: both are named. With RETENTION_DAYS,
/// conversations that are that old already are erased soon after. No server may run on an embedded log meanwhile.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only read the export and say what is in it
    #[arg(long)]
    check: bool,
    /// Leave out lines that are not understood
    #[arg(long)]
    skip_bad_lines: bool,
    /// The ZIP file, or a folder with conversations/documents.jsonl and messages/documents.jsonl
    #[arg(value_name = "EXPORT")]
    export: PathBuf,
}

/// Imports, and tells.
pub(crate) async fn import(config: Config, arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { check, skip_bad_lines, export } = arguments;
    let documents = Documents::read(&mut Export::open(&export)?)?;
    tell_of(&documents, skip_bad_lines)?;
    if check {
        return Ok(());
    }
    startup::use_ring();
    let (log, _) = startup::open_log(&config).await?;
    let named = || format!("EVENT_LOG={}", config.storage.event_log);
    let mut progress = Progress::new("conversations", Some(documents.messages.len() as u64));
    let mut report = Report::default();
    let mut imports = stream::iter(in_order(documents.messages))
        .map(|(session, messages)| import_one(&*log, session, messages))
        .buffered(AT_ONCE);
    let mut failed = None;
    while let (Some(imported), None) = (imports.next().await, &failed) {
        match imported {
            Ok((conversation, imported)) => report.add(conversation, &imported),
            Err(error) => failed = Some(error),
        }
        progress.tell(report.conversations(), report.events);
    }
    report.print(progress.end());
    // What was under way beside it may be stored or not: the next call finds out.
    let left = "not all of it was imported: call it again, it goes on from here";
    failed.map_or(Ok(()), |error| Err(error.context(left)).with_context(named))
}

fn tell_of(documents: &Documents, skip_bad_lines: bool) -> anyhow::Result<()> {
    let messages: usize = documents.messages.values().map(Vec::len).sum();
    println!("{} conversations in {} sessions, {messages} messages", documents.conversations, documents.messages.len());
    for bad in documents.bad.iter().take(SHOWN) {
        eprintln!("{bad}");
    }
    let bad = documents.bad.len();
    if bad > SHOWN {
        eprintln!("… and {} more", bad - SHOWN);
    }
    match (bad, skip_bad_lines) {
        (0, _) => Ok(()),
        (_, true) => {
            eprintln!("{bad} lines are left out");
            Ok(())
        }
        (_, false) => {
            bail!("{bad} lines are not understood, nothing was imported: correct them, or add --skip-bad-lines")
        }
    }
}

/// Conversations that ended first come first: what is later in the log is newer to those who search.
fn in_order(messages: BTreeMap<SessionId, Vec<Message>>) -> Vec<(SessionId, Vec<Message>)> {
    let mut conversations: Vec<_> = messages.into_iter().collect();
    conversations.sort_by_key(|(_, messages)| messages.last().map(|last| last.at));
    conversations
}

/// Reads what is there, and writes what is new.
async fn import_one(
    log: &dyn EventLog,
    session: SessionId,
    messages: Vec<Message>,
) -> anyhow::Result<(ConversationId, Import)> {
    let conversation = ConversationId::of(&session);
    let stored = log.read(conversation, 0).await?;
    let import = Story::of(session, &stored).tell(&messages);
    if let Import::New(told) = &import {
        for part in parts(&told.events) {
            append(log, part.to_vec()).await.map_err(refusal)?;
        }
    }
    Ok((conversation, import))
}

/// As many turns as an append may hold. No part leaves a turn open, so that a crash after it leaves nothing to be closed.
fn parts(mut events: &[SealedEvent]) -> Vec<&[SealedEvent]> {
    let mut parts = Vec::new();
    while !events.is_empty() {
        let (mut bytes, mut end) = (0, 0);
        for (count, event) in (1..).zip(events) {
            bytes += event.bytes.len();
            let fits = count <= APPEND_EVENTS && bytes <= APPEND_BYTES;
            if !fits && end > 0 {
                break;
            }
            if matches!(event.envelope.event, Event::AssistantReplied { .. } | Event::ReplyFailed { .. }) {
                end = count;
            }
        }
        let (part, rest) = events.split_at(end.max(1));
        parts.push(part);
        events = rest;
    }
    parts
}

fn refusal(refused: Refused) -> anyhow::Error {
    match refused {
        Refused::Conflict(conversation) => anyhow!("conversation {conversation} goes on at this moment"),
        Refused::Away => anyhow!("the log takes no events now"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_conversation_is_cut_between_its_turns() {
        let messages: Vec<_> = (0..301).map(|n| Message::of(&format!("m{n}"), n, n % 3 == 2)).collect();
        let Import::New(told) = Story::of("s".parse().unwrap(), &[]).tell(&messages) else { panic!("nothing is new") };
        let parts = parts(&told.events);
        assert_eq!(parts.concat(), told.events);
        assert!(parts.len() > 1);
        for part in parts {
            let last = &part.last().unwrap().envelope.event;
            assert!(part.len() <= APPEND_EVENTS);
            assert!(matches!(last, Event::AssistantReplied { .. } | Event::ReplyFailed { .. }), "{last:?}");
        }
    }
}
