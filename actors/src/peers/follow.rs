//! Following a turn that another process runs: its tokens, as they are generated there, into a buffer of this process.

use std::time::Duration;

use chat_schema::ConversationId;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use super::message::PeerMessage;
use super::{Peers, lock};
use crate::conversation::OpenTurn;
use crate::fence::Fence;
use crate::progress::Progress;
use crate::stop::StopSignal;

/// How often a follower that hears nothing looks whether the owner lives.
const LOOK: Duration = Duration::from_millis(250);
/// Silence of a relay after which it is asked for again: twice the pause between its signs of life.
const LOST: Duration = Duration::from_secs(2);
/// Messages of one relay that may wait; a follower that is slower than that asks again.
const WAITING: usize = 256;

/// What comes from the owner of a followed turn.
#[derive(Debug)]
pub(super) enum Relayed {
    Tokens { first: usize, tokens: Vec<String> },
    Ended,
}

/// One attempt at a relay; dropped, what still comes of it is passed over.
struct Follow<'a> {
    peers: &'a Peers,
    id: Uuid,
    relayed: mpsc::Receiver<Relayed>,
}

impl Drop for Follow<'_> {
    fn drop(&mut self) {
        lock(&self.peers.follows).remove(&self.id);
    }
}

impl Peers {
    /// Brings the tokens of `turn` into `progress`, which holds those it has; returns when its owner does not run it any more, or is dead.
    /// How the turn ended is in the log.
    /// A wish to stop it is passed on to the owner.
    pub(crate) async fn follow(
        &self,
        conversation: ConversationId,
        turn: &OpenTurn,
        progress: &watch::Sender<Progress>,
        stop: &StopSignal,
    ) {
        loop {
            let mut follow = self.begin(conversation, turn, progress.borrow().token_count()).await;
            let over = tokio::select! {
                over = follow.receive(turn, progress) => over,
                never = self.pass_on(conversation, turn, stop) => never,
            };
            if over == Over::Ended {
                return;
            }
        }
    }

    /// Like [`follow`](Self::follow), but without the tokens: over a bus that keeps what it carries they may not go. What there is to show
    /// is in the log at the end.
    pub(crate) async fn await_end(
        &self,
        conversation: ConversationId,
        turn: &OpenTurn,
        fence: &Fence,
        stop: &StopSignal,
    ) {
        let over = async {
            let mut looked = Instant::now();
            while timeout(LOOK, fence.ended()).await.is_err() && !self.is_dead(turn.owner) {
                // What the log's followers bring may have been missed.
                if looked.elapsed() >= LOST {
                    looked = Instant::now();
                    if fence.is_still_open().await == Some(false) {
                        return;
                    }
                }
            }
        };
        tokio::select! {
            () = over => {}
            never = self.pass_on(conversation, turn, stop) => never,
        }
    }

    /// Tells the owner of a turn that its visitor has read enough, once that is so.
    async fn pass_on(&self, conversation: ConversationId, turn: &OpenTurn, stop: &StopSignal) -> ! {
        stop.requested().await;
        let message = turn.message_id.clone();
        self.bus.send(turn.owner, PeerMessage::Stop { conversation, message }.encode()).await;
        std::future::pending().await
    }

    async fn begin(&self, conversation: ConversationId, turn: &OpenTurn, token: usize) -> Follow<'_> {
        let (id, (sender, relayed)) = (Uuid::new_v4(), mpsc::channel(WAITING));
        lock(&self.follows).insert(id, sender);
        let message = turn.message_id.clone();
        let request = PeerMessage::Follow { from: self.me, follow: id, conversation, message, token };
        self.bus.send(turn.owner, request.encode()).await;
        Follow { peers: self, id, relayed }
    }

    /// Hands on what came for a follower, if it still listens and keeps up.
    pub(super) fn relayed(&self, follow: Uuid, relayed: Relayed) {
        let mut follows = lock(&self.follows);
        if let Some(follower) = follows.get(&follow)
            && follower.try_send(relayed).is_err()
        {
            follows.remove(&follow);
        }
    }
}

/// Why a relay is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    /// The owner says so, or is dead.
    Ended,
    /// Something was lost on the way.
    Lost,
}

impl Follow<'_> {
    async fn receive(&mut self, turn: &OpenTurn, progress: &watch::Sender<Progress>) -> Over {
        let mut heard = Instant::now();
        loop {
            match timeout(LOOK, self.relayed.recv()).await {
                Ok(Some(Relayed::Tokens { first, tokens })) => {
                    heard = Instant::now();
                    if !take(progress, first, &tokens) {
                        return Over::Lost;
                    }
                }
                Ok(Some(Relayed::Ended)) => return Over::Ended,
                Ok(None) => return Over::Lost,
                Err(_) if self.peers.is_dead(turn.owner) => return Over::Ended,
                Err(_) if heard.elapsed() >= LOST => return Over::Lost,
                Err(_) => {}
            }
        }
    }
}

/// Adds the tokens from number `first` on; false if some before them are missing.
fn take(progress: &watch::Sender<Progress>, first: usize, tokens: &[String]) -> bool {
    let mut complete = true;
    progress.send_if_modified(|progress| {
        let have = progress.token_count();
        complete = first <= have;
        let new = tokens.get(have.saturating_sub(first)..).filter(|new| complete && !new.is_empty());
        new.into_iter().flatten().for_each(|token| progress.push(token));
        new.is_some()
    });
    complete
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(relayed: &[(usize, &[&str])]) -> (String, bool) {
        let progress = watch::channel(Progress::waiting()).0;
        let complete = relayed.iter().all(|(first, tokens)| {
            let tokens: Vec<String> = tokens.iter().map(ToString::to_string).collect();
            take(&progress, *first, &tokens)
        });
        let text = progress.borrow().text().to_owned();
        (text, complete)
    }

    #[test]
    fn tokens_are_added_once_and_in_order() {
        assert_eq!(taken(&[(0, &["a", "b"]), (2, &["c"])]), ("abc".into(), true));
        assert_eq!(taken(&[(0, &["a", "b"]), (1, &["b", "c"]), (0, &["a"])]), ("abc".into(), true));
        assert_eq!(taken(&[(0, &[]), (0, &["a"]), (1, &[])]), ("a".into(), true));
    }

    #[test]
    fn tokens_after_a_gap_are_not_added() {
        assert_eq!(taken(&[(0, &["a"]), (2, &["c"])]), ("a".into(), false));
    }
}
