//! The actor of one conversation: runs its turns one after another. Each step of a turn returns here, where the state is folded and the next step
//! begins: load → decide → append → publish.

use std::collections::VecDeque;
use std::sync::Arc;

use actix::prelude::*;
use chat_eventlog::Append;
use chat_schema::{ConversationId, Head, MessageId, SealedEvent};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;

use super::decide::{self, Decision, Ending, SendMessage};
use super::state::{Conversation, Turn};
use crate::progress::{Attachment, Progress, Refusal, Stage};
use crate::registry::Registry;
use crate::services::Services;
use crate::turn::{self, Opened, Reply};

/// Messages that may wait behind the one being answered.
const MAX_WAITING: usize = 4;
/// Conflicts in a row before a step is given up.
const MAX_CONFLICTS: u32 = 5;

/// Take the message in, or attach to what became of it.
pub(crate) struct Submit(pub(crate) SendMessage);

impl Message for Submit {
    type Result = Result<Attachment, Refusal>;
}

/// Attach to the message if it is known and needs no new attempt; `None` otherwise.
pub(crate) struct AttachOnly(pub(crate) SendMessage);

impl Message for AttachOnly {
    type Result = Option<Result<Attachment, Refusal>>;
}

/// A message on its way through the actor.
struct Pending {
    message: SendMessage,
    /// The message being answered: `message` itself, or the failed one it repeats.
    in_reply_to: MessageId,
    progress: watch::Sender<Progress>,
    conflicts: u32,
}

impl Pending {
    fn advance(&self, stage: Stage) {
        self.progress.send_modify(|progress| progress.advance(stage));
    }
}

/// What the actor keeps of the turn it runs, to attach others to it.
struct Running {
    in_reply_to: MessageId,
    text: String,
    progress: watch::Receiver<Progress>,
}

type Loaded = Result<(Conversation, Head), Refusal>;

/// The actor of one conversation.
pub struct ConversationActor {
    id: ConversationId,
    services: Arc<Services>,
    registry: Registry,
    state: Conversation,
    head: Head,
    /// Why the conversation could not be loaded.
    fault: Option<Refusal>,
    running: Option<Running>,
    waiting: VecDeque<Pending>,
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
            waiting: VecDeque::new(),
            last_used: Instant::now(),
        }
    }

    fn loaded(&mut self, loaded: Loaded) {
        match loaded {
            Ok((state, head)) => (self.state, self.head) = (state, head),
            Err(refusal) => self.fault = Some(refusal),
        }
    }

    fn fold(&mut self, event: &SealedEvent) {
        self.state = std::mem::take(&mut self.state).evolve(&event.envelope.event);
        self.head = event.head();
    }

    /// The turn of a message that was sent before and needs no new attempt.
    fn attach(&self, message: &SendMessage) -> Option<Result<Attachment, Refusal>> {
        let id = &message.message_id;
        let running = self.running.as_ref().filter(|running| running.in_reply_to == *id);
        let waiting = self.waiting.iter().find(|waiting| waiting.in_reply_to == *id);
        let turn = self.state.turn(id);
        let text = running
            .map(|running| running.text.as_str())
            .or_else(|| waiting.map(|waiting| waiting.message.text.as_str()))
            .or_else(|| turn.map(|turn| turn.question.as_str()))?;
        if text != message.text.as_str() {
            return Some(Err(Refusal::MessageIdUsed));
        }
        let progress = running
            .map(|running| running.progress.clone())
            .or_else(|| waiting.map(|waiting| waiting.progress.subscribe()))
            .or_else(|| turn.and_then(Turn::answer).map(|(answer, stopped)| stored(answer, stopped)))?;
        Some(Ok(Attachment { conversation_id: self.id, progress, queued: waiting.is_some(), known: true }))
    }

    fn submit(&mut self, message: SendMessage, ctx: &mut Context<Self>) -> Result<Attachment, Refusal> {
        let queued = self.running.is_some();
        if self.waiting.len() >= MAX_WAITING {
            return Err(Refusal::ConversationBusy);
        }
        let (progress, receiver) = watch::channel(Progress::waiting());
        let pending = Pending { in_reply_to: message.message_id.clone(), message, progress, conflicts: 0 };
        if queued {
            self.waiting.push_back(pending);
        } else {
            self.begin(pending, ctx);
        }
        Ok(Attachment { conversation_id: self.id, progress: receiver, queued, known: false })
    }

    /// Decides on a message whose turn it is, and starts to store and answer it.
    fn begin(&mut self, mut pending: Pending, ctx: &mut Context<Self>) {
        let services = Arc::clone(&self.services);
        match decide::send_message(&self.state, &pending.message, services.owner, services.settings.max_history) {
            Ok(Decision::Begin { in_reply_to, event, history }) => {
                let event = services.seal(self.head, self.id, event);
                self.running = Some(Running {
                    in_reply_to: in_reply_to.clone(),
                    text: pending.message.text.as_str().to_owned(),
                    progress: pending.progress.subscribe(),
                });
                pending.in_reply_to = in_reply_to;
                let opened = turn::open(services, event, history).into_actor(self);
                ctx.spawn(opened.map(move |opened, actor, ctx| actor.opened(opened, pending, ctx)));
                return;
            }
            Ok(Decision::Answered { answer, stopped }) => {
                pending.progress.send_replace(Progress::answered(answer, stopped));
            }
            // No turn runs now and a dead owner's is closed when the conversation is loaded.
            Ok(Decision::Running(_)) => pending.advance(Stage::Refused(Refusal::Internal)),
            Err(refusal) => pending.advance(Stage::Refused(refusal)),
        }
        self.next(ctx);
    }

    fn opened(&mut self, opened: Opened, mut pending: Pending, ctx: &mut Context<Self>) {
        match opened {
            Opened::Stored(event, reply) => {
                self.fold(&event);
                pending.advance(Stage::Answering);
                self.generate(pending, reply, ctx);
            }
            Opened::Conflict if pending.conflicts < MAX_CONFLICTS => {
                pending.conflicts += 1;
                let state = std::mem::take(&mut self.state);
                let loaded = turn::reopen(Arc::clone(&self.services), self.id, state, self.head).into_actor(self);
                ctx.spawn(loaded.map(move |loaded, actor, ctx| {
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
        let generated = async move {
            let (ending, place) = turn::generate(reply, &pending.progress).await;
            (pending, ending, place)
        };
        ctx.spawn(
            generated
                .into_actor(self)
                .map(|(pending, ending, place), actor, ctx| actor.close(pending, ending, place, ctx)),
        );
    }

    /// Stores how the turn ended, on top of whatever came in between.
    fn close(&mut self, pending: Pending, ending: Ending, place: OwnedSemaphorePermit, ctx: &mut Context<Self>) {
        let Some(event) = decide::close_turn(&self.state, &pending.in_reply_to, ending.clone()) else {
            pending.advance(Stage::Broken);
            return self.next(ctx);
        };
        let event = self.services.seal(self.head, self.id, event);
        let closed = turn::close(Arc::clone(&self.services), event.clone()).into_actor(self);
        ctx.spawn(closed.map(move |outcome, actor, ctx| match outcome {
            Append::Appended(_) => {
                actor.fold(&event);
                pending.advance(ending.stage());
                drop(place);
                actor.next(ctx);
            }
            Append::Conflict { .. } if pending.conflicts < MAX_CONFLICTS => {
                actor.catch_up_then_close(pending, ending, place, ctx);
            }
            _ => actor.give_up(&pending, Stage::Broken, ctx),
        }));
    }

    fn catch_up_then_close(
        &mut self,
        mut pending: Pending,
        ending: Ending,
        place: OwnedSemaphorePermit,
        ctx: &mut Context<Self>,
    ) {
        pending.conflicts += 1;
        let state = std::mem::take(&mut self.state);
        let loaded = turn::catch_up(Arc::clone(&self.services), self.id, state, self.head).into_actor(self);
        ctx.spawn(loaded.map(move |loaded, actor, ctx| {
            actor.loaded(loaded);
            match actor.fault {
                Some(_) => actor.give_up(&pending, Stage::Broken, ctx),
                None => actor.close(pending, ending, place, ctx),
            }
        }));
    }

    fn next(&mut self, ctx: &mut Context<Self>) {
        self.running = None;
        self.last_used = Instant::now();
        if let Some(pending) = self.waiting.pop_front() {
            self.begin(pending, ctx);
        }
    }

    /// Ends a turn that cannot go on, and this actor: the next message opens the conversation from the log.
    fn give_up(&mut self, pending: &Pending, stage: Stage, ctx: &mut Context<Self>) {
        pending.advance(stage);
        self.retire(ctx);
    }

    fn retire(&mut self, ctx: &mut Context<Self>) {
        self.registry.forget(self.id, &ctx.address());
        for pending in self.waiting.drain(..) {
            pending.advance(Stage::Refused(Refusal::StorageUnavailable));
        }
        ctx.stop();
    }

    fn is_idle(&self) -> bool {
        self.running.is_none() && self.waiting.is_empty()
    }
}

fn stored(answer: &str, stopped: bool) -> watch::Receiver<Progress> {
    watch::channel(Progress::answered(answer, stopped)).1
}

impl Ending {
    fn stage(&self) -> Stage {
        match self {
            Self::Replied { .. } => Stage::Done { stopped: false },
            Self::Failed(reason) => Stage::Failed(*reason),
        }
    }
}

impl Actor for ConversationActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        let loading = turn::reopen(Arc::clone(&self.services), self.id, Conversation::default(), Head::EMPTY);
        ctx.wait(loading.into_actor(self).map(|loaded, actor, _| actor.loaded(loaded)));
        let patience = self.services.settings.passivate_after;
        ctx.run_interval(patience, move |actor, ctx| {
            if actor.is_idle() && actor.last_used.elapsed() >= patience {
                actor.retire(ctx);
            }
        });
    }
}

impl Handler<Submit> for ConversationActor {
    type Result = Result<Attachment, Refusal>;

    fn handle(&mut self, Submit(message): Submit, ctx: &mut Context<Self>) -> Self::Result {
        self.last_used = Instant::now();
        if let Some(fault) = self.fault {
            self.retire(ctx);
            return Err(fault);
        }
        match self.attach(&message) {
            Some(attached) => attached,
            None => self.submit(message, ctx),
        }
    }
}

impl Handler<AttachOnly> for ConversationActor {
    type Result = Option<Result<Attachment, Refusal>>;

    fn handle(&mut self, AttachOnly(message): AttachOnly, ctx: &mut Context<Self>) -> Self::Result {
        self.last_used = Instant::now();
        if let Some(fault) = self.fault {
            self.retire(ctx);
            return Some(Err(fault));
        }
        self.attach(&message)
    }
}
