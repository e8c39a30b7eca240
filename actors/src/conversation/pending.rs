//! What an actor has taken on and not yet done.

use std::sync::Arc;

use chat_schema::{MessageId, Rating};
use thin_vec::ThinVec;
use tokio::sync::{OwnedSemaphorePermit, oneshot, watch};
use tracing::Span;

use super::decide::{Ending, SendMessage};
use super::state::OpenTurn;
use crate::fence::Fence;
use crate::progress::{Progress, Refusal, Stage};
use crate::stop::StopSignal;

/// A message on its way through the actor.
pub(super) struct Pending {
    pub(super) message: SendMessage,
    /// The message being answered: `message` itself, or the failed one it repeats.
    pub(super) in_reply_to: MessageId,
    pub(super) progress: watch::Sender<Progress>,
    pub(super) stop: StopSignal,
    pub(super) conflicts: u32,
    /// Of the turn, from here to its end.
    pub(super) span: Span,
}

impl Pending {
    pub(super) fn new(message: SendMessage, span: Span) -> Self {
        Self {
            in_reply_to: message.message_id.clone(),
            message,
            progress: watch::Sender::new(Progress::waiting()),
            stop: StopSignal::new(),
            conflicts: 0,
            span,
        }
    }

    pub(super) fn advance(&self, stage: Stage) {
        self.progress.send_modify(|progress| progress.advance(stage));
    }
}

/// What the actor keeps of the turn that is being answered, to attach others to it and to stop it.
pub(super) struct Running {
    /// The turn as it stands in the log, if another process generates the answer and this one follows.
    pub(super) followed: Option<OpenTurn>,
    /// The message with which a visitor asked this process for the followed answer.
    pub(super) asked: Option<SendMessage>,
    pub(super) in_reply_to: MessageId,
    pub(super) text: String,
    pub(super) progress: watch::Receiver<Progress>,
    pub(super) stop: StopSignal,
    /// Whether the attempt may still be shown.
    pub(super) fence: Arc<Fence>,
}

/// A turn whose end is to be stored. Its place among the concurrent replies is free only after that.
pub(super) struct Ended {
    pub(super) pending: Pending,
    pub(super) ending: Ending,
    pub(super) place: OwnedSemaphorePermit,
}

/// A turn of another process that is not run there any more; how it ended is in the log.
pub(super) struct Followed {
    pub(super) turn: OpenTurn,
    pub(super) progress: watch::Sender<Progress>,
}

/// A rating on its way into the log.
pub(super) struct PendingRating {
    pub(super) message_id: MessageId,
    pub(super) rating: Option<Rating>,
    pub(super) told: oneshot::Sender<Result<(), Refusal>>,
    pub(super) conflicts: u32,
}

impl PendingRating {
    pub(super) fn tell(self, outcome: Result<(), Refusal>) {
        // Nobody hears it when the client is gone.
        let _ = self.told.send(outcome);
    }
}

/// What waits for the log. The actor has one append on its way at a time, so that its own never conflict with each other.
///
/// Of one word for each kind, since most actors are idle.
#[derive(Default)]
pub(super) struct Queue {
    /// An append, or a reload that a conflict made necessary, is on its way.
    pub(super) busy: bool,
    /// The end of the running turn.
    pub(super) ended: Option<Box<Ended>>,
    /// The end of the followed turn.
    pub(super) followed: Option<Box<Followed>>,
    pub(super) ratings: ThinVec<PendingRating>,
    /// Messages to be answered one after another.
    pub(super) messages: ThinVec<Pending>,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        !self.busy
            && self.ended.is_none()
            && self.followed.is_none()
            && self.ratings.is_empty()
            && self.messages.is_empty()
    }

    pub(super) fn next_rating(&mut self) -> Option<PendingRating> {
        first(&mut self.ratings)
    }

    pub(super) fn next_message(&mut self) -> Option<Pending> {
        first(&mut self.messages)
    }

    /// Refuses all that waits.
    pub(super) fn refuse(&mut self, refusal: Refusal) {
        for pending in self.messages.drain(..) {
            pending.advance(Stage::Refused(refusal));
        }
        for rating in self.ratings.drain(..) {
            rating.tell(Err(refusal));
        }
    }
}

/// Takes the first of a few. Keeps no memory for those to come, since most actors are idle.
fn first<T>(few: &mut ThinVec<T>) -> Option<T> {
    let first = (!few.is_empty()).then(|| few.remove(0));
    if few.is_empty() {
        *few = ThinVec::new();
    }
    first
}
