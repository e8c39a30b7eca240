//! The embedded log, failing when the test says so.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chat_eventlog::embedded::EmbeddedLog;
use chat_eventlog::{Append, EventLog, LogError, LogIdentity, Position, Recorded, Subscription};
use chat_schema::{ConversationId, Event, EventId, FinishReason, Head, SealedEvent, SessionId, Timings};
use futures_util::StreamExt;
use tempfile::TempDir;
use tokio::sync::{Notify, watch};
use uuid::Uuid;

#[derive(Debug, Clone)]
pub enum Fault {
    /// The append is refused.
    Unavailable,
    /// The append is stored, but its acknowledgement is lost.
    StoredButUnknown,
    /// The append waits until it is released.
    Hold(Arc<Notify>),
}

/// One process's view of a log.
pub struct FaultyLog {
    inner: Arc<EmbeddedLog>,
    faults: Mutex<VecDeque<Fault>>,
    available: AtomicBool,
    /// Whether subscriptions bring nothing for now.
    blind: watch::Sender<bool>,
    dir: Arc<TempDir>,
}

impl FaultyLog {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self::of(Arc::new(EmbeddedLog::open(dir.path()).unwrap()), Arc::new(dir))
    }

    /// The same log, as another process sees it.
    pub fn beside(&self) -> Self {
        Self::of(self.inner.clone(), self.dir.clone())
    }

    fn of(inner: Arc<EmbeddedLog>, dir: Arc<TempDir>) -> Self {
        let (faults, available) = (Mutex::default(), AtomicBool::new(true));
        Self { inner, faults, available, blind: watch::Sender::new(false), dir }
    }

    /// From now on subscriptions bring nothing, as if this process had not got to it yet.
    pub fn hold_subscriptions(&self) {
        self.blind.send_replace(true);
    }

    /// Fails the next `times` appends.
    pub fn fail(&self, fault: Fault, times: usize) {
        self.faults.lock().unwrap().extend(std::iter::repeat_n(fault, times));
    }

    pub fn heal(&self) {
        self.faults.lock().unwrap().clear();
    }

    pub fn hold_next_append(&self) -> Arc<Notify> {
        let release = Arc::new(Notify::new());
        self.fail(Fault::Hold(Arc::clone(&release)), 1);
        release
    }

    /// Waits until every fault was met: the append that is to be held is on its way.
    pub async fn until_held(&self) {
        let met = async {
            while !self.faults.lock().unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), met).await.expect("nothing is appended");
    }

    /// Appends as another process would.
    pub async fn append_event(&self, conversation: ConversationId, event: Event) {
        let recorded = self.inner.read(conversation, 0).await.unwrap();
        let head = recorded.last().map_or(Head::EMPTY, |recorded| recorded.event.head());
        let sealed = SealedEvent::seal(head, conversation, EventId::from(Uuid::now_v7()), 1, event);
        let outcome = self.inner.append(conversation, head.version, &[sealed]).await;
        assert!(matches!(outcome, Append::Appended(_)), "{outcome:?}");
    }

    /// Appends a whole turn as another process would.
    pub async fn append_foreign(
        &self,
        conversation: ConversationId,
        session: &SessionId,
        id: &str,
        question: &str,
        answer: &str,
    ) {
        let asked = Event::UserMessaged {
            message_id: id.parse().unwrap(),
            session_id: session.clone(),
            content: question.into(),
            owner: Uuid::new_v4().into(),
        };
        let replied = Event::AssistantReplied {
            in_reply_to: id.parse().unwrap(),
            content: answer.into(),
            model: "m".into(),
            finish_reason: FinishReason::Stop,
            usage: None,
            timings: Timings { first_token_ms: 0, total_ms: 0 },
        };
        self.append_event(conversation, asked).await;
        self.append_event(conversation, replied).await;
    }
}

#[async_trait]
impl EventLog for FaultyLog {
    async fn append(&self, conversation: ConversationId, expected: u64, events: &[SealedEvent]) -> Append {
        let fault = self.faults.lock().unwrap().pop_front();
        self.available.store(!matches!(fault, Some(Fault::Unavailable)), Ordering::SeqCst);
        match fault {
            None => self.inner.append(conversation, expected, events).await,
            Some(Fault::Unavailable) => Append::Unavailable,
            Some(Fault::StoredButUnknown) => {
                let outcome = self.inner.append(conversation, expected, events).await;
                if matches!(outcome, Append::Appended(_)) { Append::Unknown } else { outcome }
            }
            Some(Fault::Hold(release)) => {
                release.notified().await;
                self.inner.append(conversation, expected, events).await
            }
        }
    }

    async fn read(&self, conversation: ConversationId, after: u64) -> Result<Vec<Recorded>, LogError> {
        self.inner.read(conversation, after).await
    }

    async fn erase(&self, erasure: &SealedEvent) -> Result<(), LogError> {
        self.inner.erase(erasure).await
    }

    fn subscribe(&self, after: Position) -> Subscription {
        let blind = self.blind.subscribe();
        let held = self.inner.subscribe(after).then(move |event| {
            let mut blind = blind.clone();
            async move {
                blind.wait_for(|blind| !blind).await.unwrap();
                event
            }
        });
        held.boxed()
    }

    async fn end(&self) -> Result<Position, LogError> {
        self.inner.end().await
    }

    fn identity(&self) -> LogIdentity {
        self.inner.identity()
    }

    fn is_available(&self) -> bool {
        self.available.load(Ordering::SeqCst)
    }
}
