//! A subscription: one on the servers, and a new one from the last event on whenever that fails, falls silent or is gone.
//!
//! The order of all events (`$all`) has truncated ones too until the server scavenges. The erasures are therefore read first, and what
//! they erase is left out.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chat_schema::ConversationId;
use eventstore::Position as Place;
use futures_util::StreamExt;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::api::Api;
use super::follower::{Follower, Note};
use super::health::Health;
use super::message;
use super::reader::{Reader, unavailable};
use crate::log::{LogError, Position, Recorded, Subscription};

/// Pause before a server is asked again, so that those that just come back are not flooded.
const PAUSE: Duration = Duration::from_millis(100);
/// A subscription that brought nothing for so long is compared with the log.
const QUIET: Duration = Duration::from_secs(5);
/// Events that are looked at together.
const BATCH: usize = 500;

/// Where a subscription is.
struct Progress {
    seen: Position,
    /// Where the next one on the servers begins: at what was seen, or further on, where there is nothing of ours in between.
    resume: Place,
    told: bool,
}

/// Every event after `after`, until one cannot be read or the sender of `open` is gone.
pub(super) fn subscribe(
    api: Api,
    reader: Reader,
    health: Arc<Health>,
    mut open: watch::Receiver<()>,
    after: Position,
) -> Subscription {
    let resume = Place { commit: after.get(), prepare: after.get() };
    let mut progress = Progress { seen: after, resume, told: false };
    let events = async_stream::stream! {
        'follow: loop {
            while !health.is_available() {
                tokio::select! {
                    () = sleep(PAUSE) => {}
                    _ = open.changed() => return,
                }
            }
            let started = tokio::select! {
                started = start(&api, &reader, progress.resume) => started,
                _ = open.changed() => return,
            };
            let (mut follower, erased) = match started {
                Ok(started) => started,
                Err(error) => {
                    progress.tell(&health, &error);
                    sleep(PAUSE).await;
                    continue 'follow;
                }
            };
            loop {
                let notes = tokio::select! {
                    biased;
                    notes = next(&mut follower, &reader, progress.seen) => notes,
                    _ = open.changed() => return,
                };
                let notes = match notes {
                    Ok(notes) => notes,
                    Err(reason) => {
                        tracing::debug!(%reason, position = progress.seen.get(), "event log is followed anew");
                        break;
                    }
                };
                progress.told = false;
                for note in notes {
                    match progress.take(&reader, &erased, note) {
                        None => {}
                        Some(Ok(event)) => {
                            let position = event.position;
                            yield Ok(event);
                            progress.seen = position;
                        }
                        Some(Err(error)) => {
                            yield Err(error);
                            return;
                        }
                    }
                }
            }
            sleep(PAUSE).await;
        }
    };
    events.boxed()
}

impl Progress {
    /// The event to hand on, if the note is one that was not seen.
    fn take(&mut self, reader: &Reader, erased: &Erased, note: Note) -> Option<Result<Recorded, LogError>> {
        let event = match note {
            Note::Confirmed => return None,
            Note::Checkpoint(place) => {
                self.resume = self.resume.max(place);
                return None;
            }
            Note::Event(event) => event,
        };
        self.resume = self.resume.max(event.position);
        let conversation = reader.conversation_of(&event)?;
        let is_new = message::position(&event).is_none_or(|position| position > self.seen);
        let is_erased = erased.get(&conversation).is_some_and(|erasure| message::version(event.revision) < *erasure);
        (is_new && !is_erased && !message::is_erased_place(&event)).then(|| reader.decode(&event))
    }

    /// While the log is away that is no news.
    fn tell(&mut self, health: &Health, reason: &LogError) {
        if health.is_available() && !std::mem::replace(&mut self.told, true) {
            tracing::warn!(%reason, position = self.seen.get(), "event log cannot be followed");
        }
    }
}

/// The versions of the erasures that stood in the log when the subscription began, the newest of each conversation.
type Erased = HashMap<ConversationId, u64>;

/// A subscription on the servers, and what is erased of what it will bring.
async fn start(api: &Api, reader: &Reader, resume: Place) -> Result<(Follower, Erased), LogError> {
    let erasures = api.erasures(resume).await.map_err(unavailable)?;
    let version = |event| Some((reader.conversation_of(event)?, message::version(event.revision)));
    let erased = erasures.iter().filter_map(version).collect();
    let follower = Follower::start(api.connection().runtime(), api.follow(resume).await);
    Ok((follower.map_err(unavailable)?, erased))
}

/// The next notes, those that have come already together. An error if there are events that the subscription does not bring.
async fn next(follower: &mut Follower, reader: &Reader, seen: Position) -> Result<Vec<Note>, LogError> {
    let begun = Instant::now();
    let first = loop {
        match timeout(QUIET, follower.next()).await {
            Ok(note) => break note.map_err(unavailable)?,
            Err(_) if reader.end().await.is_ok_and(|end| end > seen) && begun.elapsed() >= QUIET => {
                return Err(LogError::Unavailable("its subscription does not bring what is there".into()));
            }
            Err(_) => {}
        }
    };
    let mut notes = vec![first];
    while notes.len() < BATCH
        && let Some(note) = follower.ready()
    {
        match note {
            Ok(note) => notes.push(note),
            // What came before is good; the error comes again with the next call.
            Err(_) => break,
        }
    }
    Ok(notes)
}
