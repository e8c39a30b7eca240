//! A conversation's actor, its log and its assistant, and what the tests say to them.

use std::sync::Arc;
use std::time::Duration;

use chat_actors::{Attachment, Progress, Refusal, Registry, SendMessage, Services, Settings, Stage};
use chat_eventlog::EventLog;
use chat_schema::{ConversationId, Event, Head, Rating, SessionId};
use tokio::time::timeout;

use crate::faulty_log::FaultyLog;
use crate::puppet::{Call, Puppet};

/// A bound on hangs, not a measurement.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct Bench {
    pub log: Arc<FaultyLog>,
    pub puppet: Arc<Puppet>,
    pub services: Arc<Services>,
    pub registry: Registry,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(Settings::default())
    }

    pub fn with(settings: Settings) -> Self {
        let (log, puppet) = (Arc::new(FaultyLog::new()), Arc::new(Puppet::default()));
        let services = Arc::new(Services::new(log.clone(), None, puppet.clone(), settings));
        Self { registry: Registry::new(Arc::clone(&services)), log, puppet, services }
    }

    /// The next process on the same log.
    pub fn restarted(&self) -> Self {
        let services = Arc::new(Services::new(self.log.clone(), None, self.puppet.clone(), Settings::default()));
        let (log, puppet, registry) = (self.log.clone(), self.puppet.clone(), Registry::new(Arc::clone(&services)));
        Self { log, puppet, services, registry }
    }

    pub async fn send(&self, id: &str, text: &str) -> Attachment {
        self.registry.submit(message(id, text)).await.unwrap()
    }

    /// Sends a message and has it answered.
    pub async fn answered(&self, id: &str, text: &str, answer: &str) {
        let mut attachment = self.send(id, text).await;
        self.puppet.next_call().await.say(answer);
        assert_eq!(ended(&mut attachment).await, Stage::Done { stopped: false });
    }

    /// Sends a message and has its answer begin.
    pub async fn answering(&self, id: &str, text: &str, token: &str) -> (Attachment, Call) {
        let mut attachment = self.send(id, text).await;
        let mut call = self.puppet.next_call().await;
        call.token(token);
        until(&mut attachment, |progress| progress.text() == token).await;
        (attachment, call)
    }

    pub async fn stop(&self, id: &str) -> Result<(), Refusal> {
        self.registry.stop(&session(), id.parse().unwrap()).await
    }

    pub fn rate(&self, id: &str, rating: Option<Rating>) -> impl Future<Output = Result<(), Refusal>> + use<> {
        let (registry, id) = (self.registry.clone(), id.parse().unwrap());
        async move { timeout(PATIENCE, registry.rate(&session(), id, rating)).await.expect("the rating hangs") }
    }

    /// The types of the stored events, in order.
    pub async fn stored(&self) -> Vec<String> {
        let recorded = self.log.read(conversation(), 0).await.unwrap();
        let mut head = Head::EMPTY;
        for recorded in &recorded {
            assert!(recorded.event.follows(head), "the hash chain is broken");
            head = recorded.event.head();
        }
        recorded.iter().map(|recorded| kind(&recorded.event.envelope.event)).collect()
    }
}

pub fn session() -> SessionId {
    "visitor".parse().unwrap()
}

pub fn conversation() -> ConversationId {
    ConversationId::of(&session())
}

pub fn message(id: &str, text: &str) -> SendMessage {
    let text = text.to_owned().try_into().unwrap();
    SendMessage { session_id: session(), message_id: id.parse().unwrap(), named: true, text }
}

fn kind(event: &Event) -> String {
    match event {
        Event::UserMessaged { content, .. } => format!("user {content}"),
        Event::ReplyStarted { attempt, .. } => format!("attempt {attempt}"),
        Event::AssistantReplied { content, .. } => format!("assistant {content}"),
        Event::ReplyFailed { reason, .. } => format!("failed {reason:?}"),
        Event::ReplyStopped { content, .. } => format!("stopped {content}"),
        Event::MessageRated { message_id, rating } => format!("rated {message_id} {rating:?}"),
        other => format!("{other:?}"),
    }
}

pub async fn until(attachment: &mut Attachment, reached: impl Fn(&Progress) -> bool) -> Stage {
    let progress = timeout(PATIENCE, attachment.progress.wait_for(|progress| reached(progress)));
    progress.await.expect("the turn hangs").expect("the turn died").stage()
}

pub async fn ended(attachment: &mut Attachment) -> Stage {
    until(attachment, |progress| progress.stage().is_final()).await
}
