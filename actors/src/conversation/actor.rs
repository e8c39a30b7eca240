//! The actor of one conversation: runs its turns one after another. Each step of a turn returns here, where the state is folded and the next step
//! begins: load → decide → append → publish.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use chat_eventlog::Append;
use chat_schema::{ConversationId, Head, MessageId, SealedEvent};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{Instrument, Span};

use super::decide::{self, Decision, Ending, SendMessage};
use super::pending::{Ended, Pending, Queue, Running};
use super::state::{Conversation, Turn};
use crate::fence::Fence;
use crate::metrics::METRICS;
use crate::progress::{Attachment, Progress, Refusal, Stage};
use crate::registry::Registry;
use crate::services::Services;
use crate::stop::StopSignal;
use crate::turn::{self, Opened, Reply};

/// Messages that may wait behind the one being answered.
const MAX_WAITING: usize = 4;
/// Conflicts in a row before a step is given up.
pub(super) const MAX_CONFLICTS: u32 = 5;

type Loaded = Result<(Conversation, Head), Refusal>;

/// The actor of one conversation.
pub struct ConversationActor {
    pub(super) id: ConversationId,
    pub(super) services: Arc<Services>,
    registry: Registry,
    pub(super) state: Conversation,
    pub(super) head: Head,
    /// Why the conversation could not be loaded.
    pub(super) fault: Option<Refusal>,
    /// Boxed, since most actors are idle.
    pub(super) running: Option<Box<Running>>,
    pub(super) queue: Queue,
    last_used: Instant,
}

impl ConversationActor {
    pub(crate) fn new(id: ConversationId, services: Arc<Services>, registry: Registry) -> Self {
        Self {
            id,
            services,
            registry,
            state: Conversation::default(),
            head: Head::EMPTY,
            fault: None,
            running: None,
            queue: Queue::default(),
            last_used: Instant::now(),
        }
    }

    pub(super) fn loaded(&mut self, loaded: Loaded) {
        match loaded {
            Ok((state, head)) => (self.state, self.head) = (state, head),
            Err(refusal) => self.fault = Some(refusal),
        }
    }

    pub(super) fn fold(&mut self, event: &SealedEvent) {
        self.state = std::mem::take(&mut self.state).evolve(&event.envelope.event);
        self.head = event.head();
    }

    /// The first step of every request.
    pub(super) fn begin_request(&mut self, ctx: &mut Context<Self>) -> Result<(), Refusal> {
        self.last_used = Instant::now();
        let Some(fault) = self.fault else { return Ok(()) };
        self.retire(ctx);
        Err(fault)
    }

    /// The turn of a message that was sent before and needs no new attempt.
    pub(super) fn attach(&self, message: &SendMessage) -> Option<Result<Attachment, Refusal>> {
        let id = &message.message_id;
        let running = self.running.as_ref().filter(|running| running.in_reply_to == *id && !self.is_over(running));
        let waiting = self.queue.messages.iter().find(|waiting| waiting.in_reply_to == *id);
        let turn = self.state.turn(id);
        let text = running
            .map(|running| running.text.as_str())
            .or_else(|| waiting.map(|waiting| waiting.message.text.as_str()))
            .or_else(|| turn.map(|turn| turn.question.as_str()))?;
        if text != message.text.as_str() {
            return Some(Err(Refusal::MessageIdUsed));
        }
        // Without a relay nothing of a followed turn is shown before it is stored.
        let relays = self.services.relays();
        if running.is_some_and(|running| (running.followed.is_none() || relays) && !running.fence.is_open()) {
            // Others may have given this attempt up, and show the next one.
            return Some(Err(Refusal::StorageUnknown));
        }
        let progress = running
            .map(|running| running.progress.clone())
            .or_else(|| waiting.map(|waiting| waiting.progress.subscribe()))
            .or_else(|| turn.and_then(Turn::answer).map(|(answer, stopped)| stored(answer, stopped)))?;
        Some(Ok(Attachment { conversation_id: self.id, progress, queued: waiting.is_some(), known: true }))
    }

    /// Stops the answer to a message that is running or waits.
    pub(super) fn stop_signal(&self, id: &MessageId) -> Option<&StopSignal> {
        let running = self.running.as_ref().filter(|running| running.in_reply_to == *id).map(|running| &running.stop);
        let mut waiting = self.queue.messages.iter();
        running.or_else(|| waiting.find(|waiting| waiting.in_reply_to == *id).map(|waiting| &waiting.stop))
    }

    pub(super) fn submit(
        &mut self,
        message: SendMessage,
        span: Span,
        ctx: &mut Context<Self>,
    ) -> Result<Attachment, Refusal> {
        let queued = self.running.is_some() || !self.queue.messages.is_empty();
        if self.queue.messages.len() >= MAX_WAITING {
            return Err(Refusal::ConversationBusy);
        }
        let pending = Pending::new(message, span);
        let progress = pending.progress.subscribe();
        self.queue.messages.push(pending);
        self.proceed(ctx);
        Ok(Attachment { conversation_id: self.id, progress, queued, known: false })
    }

    /// Begins the next step that waits for the log, unless one is on its way: the end of the turn, then ratings, then the next
    /// message. Without one, follows the turn that another process runs, so that whoever asks for it finds it.
    pub(super) fn proceed(&mut self, ctx: &mut Context<Self>) {
        if self.queue.busy {
            return;
        }
        if let Some(ended) = self.queue.ended.take() {
            self.close(*ended, ctx);
        } else if let Some(followed) = self.queue.followed.take() {
            self.catch_up_with_followed(*followed, ctx);
        } else if let Some(rating) = self.queue.next_rating() {
            self.rate(rating, ctx);
        } else if self.running.is_none() {
            if let Some(pending) = self.queue.next_message() {
                self.begin(pending, ctx);
            } else if let Some(open) = self.state.open_turn() {
                self.follow(open, None, ctx);
            }
        }
    }

    /// Decides on a message whose turn it is, and starts to store and answer it.
    fn begin(&mut self, mut pending: Pending, ctx: &mut Context<Self>) {
        let services = Arc::clone(&self.services);
        match decide::send_message(&self.state, &pending.message, services.owner, services.settings.max_history) {
            Ok(Decision::Begin { in_reply_to, event, history }) => {
                let event = services.seal(self.head, self.id, event);
                self.running = Some(Box::new(Running {
                    followed: None,
                    asked: None,
                    in_reply_to: in_reply_to.clone(),
                    text: pending.message.text.as_str().to_owned(),
                    progress: pending.progress.subscribe(),
                    stop: pending.stop.clone(),
                    fence: Arc::new(Fence::new(Arc::clone(&services), self.id, self.head.version + 1)),
                }));
                pending.in_reply_to = in_reply_to;
                self.queue.busy = true;
                let opened = turn::open(services, event, history, pending.stop.clone());
                let opened = opened.instrument(pending.span.clone()).into_actor(self);
                ctx.spawn(opened.map(move |opened, actor, ctx| actor.opened(opened, pending, ctx)));
                return;
            }
            Ok(Decision::Answered { answer, stopped }) => {
                pending.progress.send_replace(Progress::answered(answer, stopped));
            }
            Ok(Decision::Running(turn)) => return self.follow(turn, Some(pending), ctx),
            Ok(Decision::Wait(turn)) => {
                self.queue.messages.insert(0, pending);
                return self.follow(turn, None, ctx);
            }
            Err(refusal) => pending.advance(Stage::Refused(refusal)),
        }
        self.next(ctx);
    }

    fn opened(&mut self, opened: Opened, mut pending: Pending, ctx: &mut Context<Self>) {
        match opened {
            Opened::Stored(event, reply) => {
                self.fold(&event);
                self.generate(pending, reply, ctx);
                self.queue.busy = false;
                self.proceed(ctx);
            }
            Opened::Conflict if pending.conflicts < MAX_CONFLICTS => {
                pending.conflicts += 1;
                let services = Arc::clone(&self.services);
                let loaded = turn::reopen(services, self.id, self.state.clone(), self.head, None, Duration::ZERO);
                ctx.spawn(loaded.into_actor(self).map(move |loaded, actor, ctx| {
                    actor.loaded(loaded);
                    match actor.fault {
                        Some(refusal) => actor.give_up(&pending, Stage::Refused(refusal), ctx),
                        None => actor.begin(pending, ctx),
                    }
                }));
            }
            Opened::Conflict => self.give_up(&pending, Stage::Refused(Refusal::StorageUnavailable), ctx),
            // The state may be behind the log now: whoever comes next loads it afresh.
            Opened::Refused(refusal @ Refusal::StorageUnknown) => {
                self.give_up(&pending, Stage::Refused(refusal), ctx);
            }
            Opened::Refused(refusal) => {
                pending.advance(Stage::Refused(refusal));
                self.next(ctx);
            }
        }
    }

    fn generate(&mut self, pending: Pending, reply: Reply, ctx: &mut Context<Self>) {
        let Some(fence) = self.running.as_ref().map(|running| Arc::clone(&running.fence)) else { return };
        pending.progress.send_modify(|progress| progress.begin(Arc::clone(&fence)));
        let generated = async move {
            let (ending, place) = turn::generate(reply, &pending.progress, &pending.stop, &fence).await;
            Box::new(Ended { pending, ending, place })
        };
        ctx.spawn(generated.into_actor(self).map(|ended, actor, ctx| {
            actor.queue.ended = Some(ended);
            actor.proceed(ctx);
        }));
    }

    /// Stores how the turn ended, on top of whatever came in between.
    fn close(&mut self, ended: Ended, ctx: &mut Context<Self>) {
        let Some(event) =
            decide::close_turn(&self.state, &ended.pending.in_reply_to, self.services.owner, ended.ending.clone())
        else {
            self.services.count_cancelled_reply();
            tracing::info!(conversation_id = %self.id, "reply cancelled: others have closed its turn");
            ended.pending.advance(Stage::Broken);
            return self.next(ctx);
        };
        self.queue.busy = true;
        let event = self.services.seal(self.head, self.id, event);
        let closed = turn::close(Arc::clone(&self.services), event.clone());
        let closed = closed.instrument(ended.pending.span.clone()).into_actor(self);
        ctx.spawn(closed.map(move |outcome, actor, ctx| match outcome {
            Append::Appended(_) => {
                actor.fold(&event);
                let Ended { pending, ending, place } = ended;
                METRICS.turn_ended(&ending);
                pending.advance(ending.stage());
                drop(place);
                actor.next(ctx);
            }
            Append::Conflict { .. } if ended.pending.conflicts < MAX_CONFLICTS => {
                actor.catch_up_then_close(ended, ctx);
            }
            _ => actor.give_up(&ended.pending, Stage::Broken, ctx),
        }));
    }

    fn catch_up_then_close(&mut self, mut ended: Ended, ctx: &mut Context<Self>) {
        ended.pending.conflicts += 1;
        let (services, patience) = (Arc::clone(&self.services), self.services.settings.ending_patience);
        let loaded = turn::catch_up(services, self.id, self.state.clone(), self.head, patience);
        ctx.spawn(loaded.into_actor(self).map(move |loaded, actor, ctx| {
            actor.loaded(loaded);
            match actor.fault {
                Some(_) => actor.give_up(&ended.pending, Stage::Broken, ctx),
                None => actor.close(ended, ctx),
            }
        }));
    }

    pub(super) fn next(&mut self, ctx: &mut Context<Self>) {
        self.running = None;
        self.queue.busy = false;
        self.last_used = Instant::now();
        self.proceed(ctx);
    }

    /// Ends a turn that cannot go on, and this actor: the next message opens the conversation from the log.
    fn give_up(&mut self, pending: &Pending, stage: Stage, ctx: &mut Context<Self>) {
        pending.advance(stage);
        self.retire(ctx);
    }

    pub(super) fn retire(&mut self, ctx: &mut Context<Self>) {
        self.registry.forget(self.id, &ctx.address());
        self.queue.refuse(Refusal::StorageUnavailable);
        ctx.stop();
    }

    /// Whether nothing runs or waits here, and nobody asked for anything for a while.
    pub(super) fn is_idle(&self) -> bool {
        let patience = self.services.settings.passivate_after;
        self.running.is_none() && self.queue.is_empty() && self.last_used.elapsed() >= patience
    }
}

fn stored(answer: &str, stopped: bool) -> watch::Receiver<Progress> {
    watch::channel(Progress::answered(answer, stopped)).1
}

impl Ending {
    fn stage(&self) -> Stage {
        match self {
            Self::Replied { .. } => Stage::Done { stopped: false },
            Self::Stopped { .. } => Stage::Done { stopped: true },
            Self::Failed(reason) => Stage::Failed(*reason),
        }
    }
}

impl Actor for ConversationActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        let services = Arc::clone(&self.services);
        let loading = turn::reopen(services, self.id, Conversation::default(), Head::EMPTY, None, Duration::ZERO);
        ctx.wait(loading.into_actor(self).map(|loaded, actor, ctx| {
            actor.loaded(loaded);
            actor.proceed(ctx);
        }));
    }
}
