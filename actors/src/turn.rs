//! The asynchronous steps of a turn: opening it, generating its answer, storing its end. They know the log and the assistant, not the actor.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chat_eventlog::{Append, LogError};
use chat_schema::{ConversationId, FailureReason, Head, SealedEvent, Timings};
use futures_util::FutureExt;
use futures_util::stream::{self, StreamExt};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep, timeout};

use crate::assistant::{Answer, Piece, PromptMessage};
use crate::conversation::{Conversation, Ending, OpenTurn};
use crate::fence::Fence;
use crate::metrics::METRICS;
use crate::progress::{Progress, Refusal};
use crate::services::Services;
use crate::stop::StopSignal;

/// Pause before a log that is away is asked again about a turn that is stored.
const ENDING_PAUSE: Duration = Duration::from_millis(250);
/// Reloads of one conversation in a row before it is given up for this request.
const MAX_RELOADS: u32 = 8;

/// What came of opening a turn.
pub(crate) enum Opened {
    /// Its first event is durable and the assistant is at work.
    Stored(Box<SealedEvent>, Reply),
    /// Someone else appended to the conversation; the assistant's work was dropped.
    Conflict,
    /// Nothing was stored, or nobody can tell.
    Refused(Refusal),
}

/// An answer on its way.
pub(crate) struct Reply {
    answer: Answer,
    began: Instant,
    place: OwnedSemaphorePermit,
}

/// Stores the event that opens a turn and asks the assistant at the same time, so that durability costs no time to the first
/// token. While the log is known to be away the assistant is asked only after the append. An answer that is stopped before the
/// acknowledgement is one without a word: nobody has seen any.
pub(crate) async fn open(
    services: Arc<Services>,
    event: SealedEvent,
    history: Vec<PromptMessage>,
    stop: StopSignal,
) -> Opened {
    let Ok(Ok(place)) =
        timeout(services.settings.admission_patience, Arc::clone(&services.places).acquire_owned()).await
    else {
        return Opened::Refused(Refusal::Overloaded);
    };
    let began = Instant::now();
    let mut stopped = stop.is_requested();
    let mut answer = if stopped { nothing() } else { services.assistant.answer(history) }.fuse();
    let (mut asked, mut early) = (false, Vec::new());
    let ask_now = services.log.is_available();
    let outcome = {
        let mut append = pin!(store(&services, &event, services.settings.append_patience));
        let mut stopping = pin!(stop.requested());
        loop {
            tokio::select! {
                biased;
                outcome = &mut append => break outcome,
                () = &mut stopping, if !stopped => {
                    stopped = true;
                    answer = nothing().fuse();
                    early.clear();
                }
                Some(piece) = async { asked = true; answer.next().await }, if ask_now => early.push(piece),
            }
        }
    };
    match outcome {
        Append::Appended(_) => {
            Opened::Stored(Box::new(event), Reply { answer: stream::iter(early).chain(answer).boxed(), began, place })
        }
        Append::Conflict { .. } => {
            if asked {
                services.count_cancelled_reply();
            }
            tracing::info!(conversation_id = %event.envelope.conversation_id, "reply cancelled by a conflicting append");
            Opened::Conflict
        }
        Append::Unknown => Opened::Refused(Refusal::StorageUnknown),
        Append::Unavailable => Opened::Refused(Refusal::StorageUnavailable),
    }
}

/// The answer of an assistant that is not asked.
fn nothing() -> Answer {
    stream::empty().boxed()
}

/// Publishes the answer as it comes, and tells how it ended. The returned permit is the turn's place among the concurrent replies.
///
/// A stop ends it at once and drops the assistant's work; but what has arrived by then counts, and if that is the end, the
/// answer is whole.
pub(crate) async fn generate(
    reply: Reply,
    progress: &watch::Sender<Progress>,
    stop: &StopSignal,
    fence: &Fence,
) -> (Ending, OwnedSemaphorePermit) {
    let Reply { mut answer, began, place } = reply;
    let mut stopwatch = Stopwatch { began, first_token: None };
    let mut stopping = pin!(stop.requested());
    loop {
        let piece = tokio::select! {
            biased;
            () = &mut stopping => break,
            piece = answer.next() => piece,
        };
        let Some(piece) = piece else { return (Ending::Failed(FailureReason::Unavailable), place) };
        if !fence.pass().await {
            return (Ending::LOST, place);
        }
        if let Some(ending) = take(piece, progress, &mut stopwatch) {
            return (ending, place);
        }
    }
    if !fence.pass().await {
        return (Ending::LOST, place);
    }
    let mut ending = None;
    while ending.is_none()
        && let Some(piece) = answer.next().now_or_never().flatten()
    {
        ending = take(piece, progress, &mut stopwatch);
    }
    match ending {
        Some(whole @ Ending::Replied { .. }) => (whole, place),
        // Why there is no more to stop is nothing to a visitor who wanted no more.
        Some(_) | None => (Ending::Stopped { content: progress.borrow().text().to_owned() }, place),
    }
}

/// Measures one attempt at an answer.
struct Stopwatch {
    began: Instant,
    first_token: Option<Duration>,
}

impl Stopwatch {
    fn token(&mut self) {
        if self.first_token.is_none() {
            let first_token = self.began.elapsed();
            METRICS.first_token(first_token);
            self.first_token = Some(first_token);
        }
    }

    fn stop(&self) -> Timings {
        let total = self.began.elapsed();
        let first_token = self.first_token.unwrap_or(total);
        Timings { first_token_ms: first_token.as_millis() as u64, total_ms: total.as_millis() as u64 }
    }
}

/// Adds a piece to the answer and wakes its readers; the last one gives the ending.
fn take(
    piece: Result<Piece, FailureReason>,
    progress: &watch::Sender<Progress>,
    stopwatch: &mut Stopwatch,
) -> Option<Ending> {
    match piece {
        Ok(Piece::Tokens(tokens)) => {
            stopwatch.token();
            progress.send_modify(|progress| progress.extend(&tokens));
            None
        }
        Ok(Piece::Finished { finish_reason, model, usage }) => {
            let (content, timings) = (progress.borrow().text().to_owned(), stopwatch.stop());
            Some(Ending::Replied { content, model, finish_reason, usage, timings })
        }
        Err(reason) => Some(Ending::Failed(reason)),
    }
}

/// Stores the end of a turn. A log that is away is asked again for a while: the answer exists and should not be lost.
pub(crate) async fn close(services: Arc<Services>, event: SealedEvent) -> Append {
    let deadline = Instant::now() + services.settings.ending_patience;
    loop {
        match store(&services, &event, deadline - Instant::now()).await {
            Append::Unavailable if Instant::now() + ENDING_PAUSE < deadline => sleep(ENDING_PAUSE).await,
            outcome => return outcome,
        }
    }
}

/// Stores an event that belongs to no turn's course.
pub(crate) async fn note(services: Arc<Services>, event: SealedEvent) -> Append {
    store(&services, &event, services.settings.append_patience).await
}

async fn store(services: &Services, event: &SealedEvent, patience: Duration) -> Append {
    let envelope = &event.envelope;
    let events = std::slice::from_ref(event);
    services.append(envelope.conversation_id, envelope.version - 1, events, patience).await
}

/// Folds what the log has and `state` does not. A log that is away is asked again for as long as `patience` says.
pub(crate) async fn catch_up(
    services: Arc<Services>,
    id: ConversationId,
    mut state: Conversation,
    mut head: Head,
    patience: Duration,
) -> Result<(Conversation, Head), Refusal> {
    let deadline = Instant::now() + patience;
    let recorded = loop {
        match services.log.read(id, head.version).await {
            Ok(recorded) => break recorded,
            Err(LogError::Unavailable(_)) if Instant::now() + ENDING_PAUSE < deadline => sleep(ENDING_PAUSE).await,
            Err(error) => return Err(refusal(id, &error)),
        }
    };
    for recorded in recorded {
        state = state.evolve(&recorded.event.envelope.event);
        head = recorded.event.head();
        services.acknowledge(recorded.position);
    }
    Ok((state, head))
}

/// Like [`catch_up`], and closes the turn that an owner who is gone left open: a dead one, this process itself, which runs no turn of
/// this conversation when it asks, or that of `gone`, a turn that was followed to its end. An open turn in what comes back is
/// one that another process runs.
pub(crate) async fn reopen(
    services: Arc<Services>,
    id: ConversationId,
    mut state: Conversation,
    mut head: Head,
    gone: Option<OpenTurn>,
    patience: Duration,
) -> Result<(Conversation, Head), Refusal> {
    let deadline = Instant::now() + patience;
    let mut conflicts = 0;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        (state, head) = catch_up(Arc::clone(&services), id, state, head, left).await?;
        let Some(open) = state.open_turn() else { return Ok((state, head)) };
        if !services.is_gone(open.owner) && gone.as_ref() != Some(&open) {
            return Ok((state, head));
        }
        let event = services.seal(head, id, open.abandon());
        match store(&services, &event, services.settings.append_patience).await {
            Append::Appended(_) => {
                tracing::warn!(conversation_id = %id, "closed a turn that its owner left open");
                METRICS.turn_failed(FailureReason::Abandoned);
                return Ok((state.evolve(&event.envelope.event), event.head()));
            }
            Append::Conflict { .. } if conflicts < MAX_RELOADS => conflicts += 1,
            Append::Unknown | Append::Unavailable if Instant::now() + ENDING_PAUSE < deadline => {
                sleep(ENDING_PAUSE).await;
            }
            Append::Unknown => return Err(Refusal::StorageUnknown),
            Append::Conflict { .. } | Append::Unavailable => return Err(Refusal::StorageUnavailable),
        }
    }
}

pub(crate) fn refusal(id: ConversationId, error: &LogError) -> Refusal {
    match error {
        // That the log is away is said once, by the log.
        LogError::Unavailable(_) => {
            tracing::debug!(conversation_id = %id, %error, "conversation cannot be read now");
            Refusal::StorageUnavailable
        }
        LogError::Unreadable { .. } => {
            tracing::error!(conversation_id = %id, %error, "conversation cannot be read");
            Refusal::Internal
        }
    }
}
