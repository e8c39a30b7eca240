//! One subscription on a server, until it fails for the first time. It is polled by a thread of its own: the client's subscription may not be
//! dropped in the middle of an answer, and should a server end one without an error, the client would never give its thread back.

use eventstore::{Position as Place, RecordedEvent, ResolvedEvent, Subscription, SubscriptionEvent};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::fault::Fault;

/// What may be under way.
const UNDER_WAY: usize = 2048;

/// What comes of a subscription.
#[derive(Debug)]
pub(super) enum Note {
    /// The server has taken it.
    Confirmed,
    /// The next event.
    Event(Box<RecordedEvent>),
    /// Up to here there is no other event.
    Checkpoint(Place),
}

/// Brings what a subscription brings, in its order. After an error there is nothing more.
pub(super) struct Follower(mpsc::Receiver<Result<Note, Fault>>);

impl Follower {
    /// Begins with the subscription.
    ///
    /// # Errors
    /// There is no thread for it.
    pub(super) fn start(runtime: &Handle, subscription: Subscription) -> Result<Self, Fault> {
        let (sender, receiver) = mpsc::channel(UNDER_WAY);
        let handle = runtime.clone();
        let thread = std::thread::Builder::new().name("open-chat-follow".into());
        let started = thread.spawn(move || handle.block_on(bring(subscription, &sender)));
        started.map_err(|error| Fault::Unreachable(error.to_string()))?;
        Ok(Self(receiver))
    }

    /// What comes next.
    pub(super) async fn next(&mut self) -> Result<Note, Fault> {
        self.0.recv().await.unwrap_or_else(|| Err(Fault::Silence("the subscription ends".into())))
    }

    /// What has come already.
    pub(super) fn ready(&mut self) -> Option<Result<Note, Fault>> {
        self.0.try_recv().ok()
    }
}

async fn bring(mut subscription: Subscription, sender: &mpsc::Sender<Result<Note, Fault>>) {
    loop {
        let next = tokio::select! {
            next = subscription.next_subscription_event() => next,
            () = sender.closed() => return,
        };
        let note = match next {
            Ok(SubscriptionEvent::Confirmed(_)) => Ok(Note::Confirmed),
            Ok(SubscriptionEvent::EventAppeared(ResolvedEvent { event: Some(event), .. })) => {
                Ok(Note::Event(Box::new(event)))
            }
            Ok(SubscriptionEvent::Checkpoint(place)) => Ok(Note::Checkpoint(place)),
            Ok(_) => continue,
            Err(error) => Err(error.into()),
        };
        let ended = note.is_err();
        if sender.send(note).await.is_err() || ended {
            return;
        }
    }
}
