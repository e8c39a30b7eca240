//! How the actor follows a turn that another process runs: its visitors read that answer, and its messages wait for its end.

use std::sync::Arc;

use actix::prelude::*;
use chat_schema::FailureReason;
use tokio::sync::watch;
use tracing::Span;

use super::actor::ConversationActor;
use super::decide::{self, Ending, SendMessage};
use super::pending::{Followed, Pending, Running};
use super::state::{Conversation, OpenTurn, Outcome};
use crate::fence::Fence;
use crate::progress::{Progress, Stage};
use crate::stop::StopSignal;
use crate::turn;

impl ConversationActor {
    /// Follows `turn`, for the message that asked for it if there is one.
    pub(super) fn follow(&mut self, turn: OpenTurn, asked: Option<Pending>, ctx: &mut Context<Self>) {
        let (asked, progress, stop) = match asked {
            Some(Pending { message, progress, stop, .. }) => (Some(message), progress, stop),
            None => (None, watch::Sender::new(Progress::waiting()), StopSignal::new()),
        };
        let Some(peers) = self.services.peers.clone() else {
            // A log of one process: the turn is a dead one's, and closed when the conversation is loaded.
            progress.send_modify(|progress| progress.advance(Stage::Broken));
            return self.retire(ctx);
        };
        progress.send_modify(|progress| progress.advance(Stage::Answering));
        let fence = Arc::new(Fence::new(Arc::clone(&self.services), self.id, self.head.version));
        self.running = Some(Box::new(Running {
            followed: Some(turn.clone()),
            asked,
            in_reply_to: turn.message_id.clone(),
            text: self.state.turn(&turn.message_id).map(|turn| turn.question.clone()).unwrap_or_default(),
            progress: progress.subscribe(),
            stop: stop.clone(),
            fence: Arc::clone(&fence),
        }));
        let conversation = self.id;
        let followed = async move {
            if peers.relays() {
                peers.follow(conversation, &turn, &progress, &stop).await;
            } else {
                peers.await_end(conversation, &turn, &fence, &stop).await;
            }
            Box::new(Followed { turn, progress })
        };
        ctx.spawn(followed.into_actor(self).map(|followed, actor, ctx| {
            actor.queue.followed = Some(followed);
            actor.proceed(ctx);
        }));
        self.queue.busy = false;
        self.proceed(ctx);
    }

    /// Notes that a visitor sent the message whose answer is followed.
    pub(super) fn note_asked(&mut self, message: SendMessage) {
        let followed =
            |running: &&mut Box<Running>| running.followed.is_some() && running.in_reply_to == message.message_id;
        if let Some(running) = self.running.as_mut().filter(followed) {
            running.asked = Some(message);
        }
    }

    /// Whether a followed turn is over in the log, though the end of its relay is still to come.
    pub(super) fn is_over(&self, running: &Running) -> bool {
        running.followed.is_some() && running.followed != self.state.open_turn()
    }

    /// A followed turn that is over in the log needs no more waiting for its end.
    pub(super) fn end_followed_turn(&self) {
        if let Some(running) = self.running.as_ref().filter(|running| self.is_over(running)) {
            running.fence.end();
        }
    }

    /// A turn that this process runs and another one has closed needs no more work.
    pub(super) fn end_lost_turn(&self) {
        let running = self.running.as_ref().filter(|running| running.followed.is_none());
        if let Some(running) = running
            && decide::close_turn(&self.state, &running.in_reply_to, self.services.owner, Ending::LOST).is_none()
        {
            running.stop.request();
        }
    }

    /// Reads how a followed turn ended, and closes it if its owner left it open.
    pub(super) fn catch_up_with_followed(&mut self, followed: Followed, ctx: &mut Context<Self>) {
        self.queue.busy = true;
        let Followed { turn, progress } = followed;
        let (services, patience) = (Arc::clone(&self.services), self.services.settings.ending_patience);
        let (state, gone) = (self.state.clone(), Some(turn.clone()));
        let loaded = turn::reopen(services, self.id, state, self.head, gone, patience);
        ctx.spawn(loaded.into_actor(self).map(move |loaded, actor, ctx| {
            actor.loaded(loaded);
            if actor.fault.is_some() {
                progress.send_modify(|progress| progress.advance(Stage::Broken));
                return actor.retire(ctx);
            }
            actor.end_followed(turn, progress);
            actor.next(ctx);
        }));
    }

    /// Shows how a followed turn ended. Where its owner died before anybody here saw a word of it, those who asked get a new attempt.
    fn end_followed(&mut self, turn: OpenTurn, progress: watch::Sender<Progress>) {
        let asked = self.running.take().and_then(|running| Some((running.asked?, running.stop)));
        let outcome = self.state.turn(&turn.message_id).map(|turn| &turn.outcome);
        let unanswered =
            matches!(outcome, Some(Outcome::Open { .. } | Outcome::Failed { reason: FailureReason::Abandoned }));
        match asked {
            Some((message, stop)) if unanswered && progress.borrow().text().is_empty() => {
                let in_reply_to = turn.message_id;
                // The trace in which it was asked for ended with that.
                let (conflicts, span) = (0, Span::none());
                self.queue.messages.insert(0, Pending { message, in_reply_to, progress, stop, conflicts, span });
            }
            _ => progress.send_modify(|progress| show_end(progress, &self.state, &turn)),
        }
    }
}

/// Completes what was followed with what is stored. Where a further attempt has ended meanwhile and nobody saw a word of the followed
/// one, that one's end is shown.
fn show_end(progress: &mut Progress, state: &Conversation, followed: &OpenTurn) {
    let turn = state.turn(&followed.message_id);
    let unseen = progress.text().is_empty();
    let stage = match turn.map(|turn| (turn.attempts, &turn.outcome)) {
        Some((attempt, Outcome::Answered { answer, stopped, .. })) if unseen || attempt == followed.attempt => {
            match answer.strip_prefix(progress.text()) {
                Some(rest) => {
                    progress.push(rest);
                    Stage::Done { stopped: *stopped }
                }
                None => Stage::Broken,
            }
        }
        Some((attempt, Outcome::Failed { reason })) if unseen || attempt == followed.attempt => Stage::Failed(*reason),
        // Only a failed attempt is followed by another. Why it failed is not kept.
        Some((attempt, _)) if attempt > followed.attempt => Stage::Failed(FailureReason::Unavailable),
        // Erased.
        _ => Stage::Broken,
    };
    progress.advance(stage);
}

#[cfg(test)]
mod tests {
    use chat_schema::{Event, OwnerId};
    use uuid::Uuid;

    use super::*;

    fn open() -> (Conversation, OpenTurn) {
        let owner = OwnerId::from(Uuid::from_u128(7));
        let state = Conversation::default().evolve(&Event::UserMessaged {
            message_id: "a".parse().unwrap(),
            session_id: "s".parse().unwrap(),
            content: "hi".into(),
            owner,
        });
        let turn = state.open_turn().unwrap();
        (state, turn)
    }

    fn stopped(content: &str) -> Event {
        Event::ReplyStopped { in_reply_to: "a".parse().unwrap(), content: content.into() }
    }

    /// What is shown at the end of a turn of which `text` was followed and that went on as `events` tell.
    fn shown(text: &str, events: &[Event]) -> (Stage, String) {
        let (state, turn) = open();
        let state = events.iter().fold(state, Conversation::evolve);
        let mut progress = Progress::waiting();
        progress.push(text);
        show_end(&mut progress, &state, &turn);
        (progress.stage(), progress.text().to_owned())
    }

    #[test]
    fn what_was_not_followed_is_completed_from_the_log() {
        assert_eq!(shown("hal", &[stopped("half")]), (Stage::Done { stopped: true }, "half".into()));
        assert_eq!(shown("", &[stopped("half")]), (Stage::Done { stopped: true }, "half".into()));
    }

    #[test]
    fn an_answer_that_is_not_the_stored_one_never_counts_as_done() {
        assert_eq!(shown("other", &[stopped("half")]), (Stage::Broken, "other".into()));
    }

    #[test]
    fn a_turn_that_failed_shows_why() {
        let failed = open().1.abandon();
        assert_eq!(shown("x", &[failed]), (Stage::Failed(FailureReason::Abandoned), "x".into()));
    }

    #[test]
    fn a_further_attempt_is_not_the_followed_one_unless_nobody_saw_a_word_of_that() {
        let (_, turn) = open();
        let again = Event::ReplyStarted { in_reply_to: turn.message_id.clone(), attempt: 2, owner: turn.owner };
        let went_on = [turn.abandon(), again, stopped("x y")];
        assert_eq!(shown("x", &went_on), (Stage::Failed(FailureReason::Unavailable), "x".into()));
        assert_eq!(shown("x", &went_on[..2]), (Stage::Failed(FailureReason::Unavailable), "x".into()));
        assert_eq!(shown("", &went_on), (Stage::Done { stopped: true }, "x y".into()));
    }

    #[test]
    fn an_erased_turn_is_broken_off() {
        let (state, turn) = (Conversation::default(), open().1);
        let mut progress = Progress::waiting();
        show_end(&mut progress, &state, &turn);
        assert_eq!(progress.stage(), Stage::Broken);
    }
}
