//! The words of running answers, for a feed that watches a conversation: of this replica, or followed from another.

use std::future::pending;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use chat_actors::Progress;
use chat_schema::{ConversationId, MessageId};
use tokio::sync::watch;
use tokio::time::sleep;

use super::feed::{Changes, token};
use crate::app::App;

/// Size from which a piece takes no further token.
const CHUNK: usize = 16 * 1024;
/// Pause before an answer that the log says is running, and this replica has not heard of, is looked for again.
const LOOK: Duration = Duration::from_millis(50);

/// What a feed knows of the conversation it watches.
pub(super) struct Watched<'a> {
    app: &'a App,
    conversation: Option<ConversationId>,
    /// Whether an answer may be running that is not watched yet.
    expected: bool,
    running: Option<Running>,
}

struct Running {
    message: MessageId,
    progress: watch::Receiver<Progress>,
    sent: usize,
}

impl<'a> Watched<'a> {
    pub(super) fn new(app: &'a App, conversation: Option<ConversationId>) -> Self {
        Self { app, conversation, expected: conversation.is_some(), running: None }
    }

    /// Learns from the log whether an answer begins.
    pub(super) fn hear(&mut self, changes: &Changes) {
        let answering = self.conversation.and_then(|id| changes.answering.get(&id));
        if let Some(answering) = answering {
            self.expected = *answering && self.running.is_none();
        }
    }

    /// The next piece of a running answer; waits for one.
    pub(super) async fn tokens(&mut self) -> Bytes {
        let Some(conversation) = self.conversation else { return pending().await };
        loop {
            if self.running.is_none() {
                self.look(conversation).await;
            }
            let Some(running) = &mut self.running else { continue };
            let (piece, over) = running.piece(conversation);
            if !piece.is_empty() {
                return piece;
            }
            if over || running.progress.changed().await.is_err() {
                self.running = None;
            }
        }
    }

    /// Waits until an answer is expected, and looks for it once.
    async fn look(&mut self, conversation: ConversationId) {
        if !self.expected {
            return pending().await;
        }
        match self.app.registry.watch_turn(conversation).await {
            Some((message, progress)) => {
                self.expected = false;
                self.running = Some(Running { message, progress, sent: 0 });
            }
            None => sleep(LOOK).await,
        }
    }
}

impl Running {
    /// What is new, and whether nothing more will come after it.
    fn piece(&mut self, conversation: ConversationId) -> (Bytes, bool) {
        let progress = self.progress.borrow_and_update();
        let mut piece = BytesMut::new();
        for next in progress.tokens(self.sent) {
            if piece.len() >= CHUNK {
                break;
            }
            piece.extend_from_slice(&token(conversation, &self.message, next));
            self.sent += 1;
        }
        (piece.freeze(), progress.stage().is_final())
    }
}
