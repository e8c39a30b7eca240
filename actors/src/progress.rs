//! A turn as its clients see it: a buffer that grows, which any number of clients read at their own pace.

use std::sync::Arc;

use chat_schema::{ConversationId, FailureReason};
use tokio::sync::watch;

use crate::fence::Fence;
use crate::tokens::Tokens;

/// Why a message, a stop or a rating was not taken in. Nothing of it was stored, except perhaps with [`Refusal::StorageUnknown`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The same message id came with another text before.
    MessageIdUsed,
    /// The conversation has no such message, or none with an answer to rate.
    MessageNotFound,
    /// Too many messages, or ratings, of this conversation are waiting.
    ConversationBusy,
    /// This process generates as many answers as it may.
    Overloaded,
    /// The log cannot take the message now.
    StorageUnavailable,
    /// The log did not say whether it took the message; sending the same message id again tells.
    StorageUnknown,
    /// A fault of ours.
    Internal,
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Not stored yet: it waits for its turn or for the log.
    Waiting,
    /// Stored; its answer is being generated.
    Answering,
    /// Its whole answer is stored.
    Done {
        /// The visitor ended the answer early.
        stopped: bool,
    },
    /// Stored, but this attempt at an answer failed, and that is stored too.
    Failed(FailureReason),
    /// Stored, but the end of the turn could not be.
    Broken,
    /// Not taken in.
    Refused(Refusal),
}

impl Stage {
    /// Whether nothing more will come.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Waiting | Self::Answering)
    }
}

/// The buffer of one turn.
#[derive(Debug)]
pub struct Progress {
    stage: Stage,
    tokens: Tokens,
    /// Of an attempt that this process makes.
    fence: Option<Arc<Fence>>,
}

impl Progress {
    pub(crate) fn waiting() -> Self {
        Self { stage: Stage::Waiting, tokens: Tokens::default(), fence: None }
    }

    pub(crate) fn answered(answer: &str, stopped: bool) -> Self {
        Self { stage: Stage::Done { stopped }, tokens: answer.into(), fence: None }
    }

    pub(crate) fn push(&mut self, token: &str) {
        self.tokens.push(token);
    }

    pub(crate) fn extend(&mut self, tokens: &Tokens) {
        self.tokens.extend(tokens);
    }

    pub(crate) fn advance(&mut self, stage: Stage) {
        self.stage = stage;
    }

    /// Its answer is begun by this process.
    pub(crate) fn begin(&mut self, fence: Arc<Fence>) {
        (self.stage, self.fence) = (Stage::Answering, Some(fence));
    }

    /// Where the message stands.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// The answer so far: exactly the concatenation of its tokens.
    pub fn text(&self) -> &str {
        self.tokens.text()
    }

    /// How many tokens there are.
    pub(crate) fn token_count(&self) -> usize {
        self.tokens.len()
    }

    /// The tokens from number `from` on that may be shown: none while others may have given this attempt up, and show the next one.
    pub fn tokens(&self, from: usize) -> impl ExactSizeIterator<Item = &str> {
        self.tokens.after(if self.is_held_back() { self.tokens.len() } else { from })
    }

    /// What ended as the log says is nobody else's to give up.
    fn is_held_back(&self) -> bool {
        !matches!(self.stage, Stage::Done { .. } | Stage::Failed(_))
            && self.fence.as_ref().is_some_and(|fence| !fence.is_open())
    }
}

/// A client's hold on a turn. Dropping it does not stop the turn.
#[derive(Debug)]
pub struct Attachment {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The turn's buffer. A closed channel with a stage that is not final means that the turn died.
    pub progress: watch::Receiver<Progress>,
    /// Whether other messages of the conversation are answered first.
    pub queued: bool,
    /// Whether the message was known before: a retry that starts nothing.
    pub known: bool,
}
