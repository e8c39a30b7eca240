//! Erasing conversations: the request is an event of the operators' stream, so that what a crash cuts short is gone on with; the
//! conversation ends with `ConversationErased`, accepted by the log like any other event; then the bytes before it are deleted.
//!
//! Every step may be repeated, by this process or another: a conversation whose last event is its erasure only has the rest deleted.

use std::collections::BTreeMap;
use std::time::Duration;

use chat_eventlog::{Append, Position, Recorded, last_event};
use chat_schema::{ConversationId, ErasedConversation, Event, EventId, Operator, OperatorAct, SealedEvent};
use tokio::time::{Instant, sleep};

use crate::operators::unreadable;
use crate::progress::Refusal;
use crate::registry::Registry;
use crate::services::Services;

/// Tries of one erasure; every conflict means that the conversation went on.
const TRIES: usize = 32;
/// How long the log is asked again to delete.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(100);
/// How often requests that nobody carried out are looked for, and how old they are by then: whoever took one may be at it.
const LOOK: Duration = Duration::from_secs(30);

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// What is gone, conversation by conversation.
    pub conversations: Vec<ErasedConversation>,
    /// Read models that have passed this position hold nothing of it.
    pub position: Position,
}

impl Registry {
    /// Whether anything ever happened in a conversation.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn knows(&self, conversation: ConversationId) -> Result<bool, Refusal> {
        let last = last_event(&*self.services().log, conversation).await;
        Ok(last.map_err(|error| unreadable(&error))?.is_some())
    }

    /// Of these conversations, those in which nothing happened since `time`, in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn idle_since(
        &self,
        conversations: Vec<ConversationId>,
        time: u64,
    ) -> Result<Vec<ConversationId>, Refusal> {
        let mut idle = Vec::new();
        for id in conversations {
            let last = last_event(&*self.services().log, id).await.map_err(|error| unreadable(&error))?;
            if last.is_some_and(|last| last.event.envelope.recorded_at < time) {
                idle.push(id);
            }
        }
        Ok(idle)
    }

    /// Erases conversations: a running answer ends, late ones are dropped, and no text is left in the log. What comes later begins the
    /// conversation anew.
    ///
    /// # Errors
    /// The log cannot take it. If it has taken the request, that is carried out later.
    pub async fn erase(&self, operator: Operator, conversations: Vec<ConversationId>) -> Result<Erased, Refusal> {
        let request =
            Request::new(&self.services().record(operator, OperatorAct::ErasureRequested { conversations }).await?);
        let request = request.ok_or(Refusal::Internal)?;
        self.carry_out(&request).await
    }

    /// Goes on with erasures that were requested and not carried out: at once with those from before this process, if no other
    /// process can be at them. To be run once beside everything else; does not end.
    pub async fn finish_erasures(self) {
        let mut requests = Requests::default();
        let mut age = if self.services().peers.is_none() { Duration::ZERO } else { LOOK };
        loop {
            match requests.look(self.services()).await {
                Ok(()) => {
                    for request in requests.due(age) {
                        self.finish(&request).await;
                    }
                    age = LOOK;
                }
                Err(refusal) => tracing::debug!(?refusal, "requests to erase cannot be looked for"),
            }
            sleep(LOOK).await;
        }
    }

    async fn finish(&self, request: &Request) {
        let conversations = request.conversations.len();
        match self.carry_out(request).await {
            Ok(_) => {
                tracing::info!(request = %request.id, conversations, "an erasure that was cut short is carried out");
            }
            Err(refusal) => tracing::warn!(request = %request.id, ?refusal, "an erasure cannot be carried out yet"),
        }
    }

    async fn carry_out(&self, request: &Request) -> Result<Erased, Refusal> {
        let mut conversations = Vec::new();
        for &conversation_id in &request.conversations {
            let Some((erasure, new)) = self.erase_one(conversation_id).await? else { continue };
            if let Event::ConversationErased { erased_events, .. } = erasure.envelope.event
                && (new || erasure.envelope.recorded_at >= request.recorded_at)
            {
                conversations.push(ErasedConversation { conversation_id, erased_events });
            }
        }
        let act = OperatorAct::ErasureCompleted { request: request.id, erased: conversations.clone() };
        let completed = self.services().record(request.operator, act).await?;
        Ok(Erased { conversations, position: completed.position })
    }

    /// The event that ends the conversation, and whether it was appended now; `None` if there is nothing to erase.
    async fn erase_one(&self, id: ConversationId) -> Result<Option<(SealedEvent, bool)>, Refusal> {
        let services = self.services();
        for _ in 0..TRIES {
            let last = last_event(&*services.log, id).await.map_err(|error| unreadable(&error))?;
            let Some(Recorded { event: last, .. }) = last else { return Ok(None) };
            if matches!(last.envelope.event, Event::ConversationErased { .. }) {
                self.delete(&last).await?;
                return Ok(Some((last, false)));
            }
            let head = last.head();
            let event = Event::ConversationErased { erased_events: head.version, head: head.hash };
            let erasure = services.seal(head, id, event);
            let patience = services.settings.append_patience;
            match services.append(id, head.version, std::slice::from_ref(&erasure), patience).await {
                Append::Appended(_) => {
                    self.advance(erasure.clone());
                    self.delete(&erasure).await?;
                    return Ok(Some((erasure, true)));
                }
                Append::Conflict { .. } => {}
                Append::Unknown => return Err(Refusal::StorageUnknown),
                Append::Unavailable => return Err(Refusal::StorageUnavailable),
            }
        }
        Err(Refusal::ConversationBusy)
    }

    async fn delete(&self, erasure: &SealedEvent) -> Result<(), Refusal> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.services().log.erase(erasure).await {
                Ok(()) => return Ok(()),
                Err(_) if Instant::now() + PAUSE < deadline => sleep(PAUSE).await,
                Err(error) => return Err(unreadable(&error)),
            }
        }
    }
}

/// A request to erase.
#[derive(Debug, Clone)]
struct Request {
    id: EventId,
    operator: Operator,
    recorded_at: u64,
    conversations: Vec<ConversationId>,
    seen: Instant,
}

impl Request {
    fn new(recorded: &Recorded) -> Option<Self> {
        let envelope = &recorded.event.envelope;
        match &envelope.event {
            Event::OperatorActed { operator, act: OperatorAct::ErasureRequested { conversations } } => Some(Self {
                id: envelope.id,
                operator: *operator,
                recorded_at: envelope.recorded_at,
                conversations: conversations.clone(),
                seen: Instant::now(),
            }),
            _ => None,
        }
    }
}

/// The requests that nobody carried out, as far as the operators' stream was read.
#[derive(Default)]
struct Requests {
    read_to: u64,
    open: BTreeMap<EventId, Request>,
}

impl Requests {
    async fn look(&mut self, services: &Services) -> Result<(), Refusal> {
        let news = services.log.read(ConversationId::OPERATORS, self.read_to).await;
        for recorded in news.map_err(|error| unreadable(&error))? {
            self.read_to = recorded.event.envelope.version;
            if let Event::OperatorActed { act: OperatorAct::ErasureCompleted { request, .. }, .. } =
                &recorded.event.envelope.event
            {
                self.open.remove(request);
            }
            self.open.extend(Request::new(&recorded).map(|request| (request.id, request)));
        }
        Ok(())
    }

    fn due(&self, age: Duration) -> Vec<Request> {
        self.open.values().filter(|request| request.seen.elapsed() >= age).cloned().collect()
    }
}
