//! How the actor stores ratings: between the appends of its turns, so that a rating never costs a running answer anything.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use chat_eventlog::Append;
use chat_schema::SealedEvent;

use super::actor::{ConversationActor, MAX_CONFLICTS};
use super::decide;
use super::pending::PendingRating;
use crate::progress::Refusal;
use crate::turn;

impl ConversationActor {
    /// Decides on a rating and stores it.
    pub(super) fn rate(&mut self, pending: PendingRating, ctx: &mut Context<Self>) {
        match decide::rate(&self.state, &pending.message_id, pending.rating) {
            Ok(Some(event)) => {
                self.queue.busy = true;
                let event = self.services.seal(self.head, self.id, event);
                let noted = turn::note(Arc::clone(&self.services), event.clone()).into_actor(self);
                ctx.spawn(noted.map(move |outcome, actor, ctx| actor.rated(outcome, &event, pending, ctx)));
            }
            Ok(None) => self.tell(pending, Ok(()), ctx),
            // Another process may have stored the answer a moment ago.
            Err(_) if pending.conflicts == 0 && self.services.peers.is_some() => {
                self.queue.busy = true;
                self.catch_up_then_rate(pending, ctx);
            }
            Err(refusal) => self.tell(pending, Err(refusal), ctx),
        }
    }

    fn rated(&mut self, outcome: Append, event: &SealedEvent, pending: PendingRating, ctx: &mut Context<Self>) {
        match outcome {
            Append::Appended(_) => {
                self.fold(event);
                self.tell(pending, Ok(()), ctx);
            }
            Append::Conflict { .. } if pending.conflicts < MAX_CONFLICTS => self.catch_up_then_rate(pending, ctx),
            // If it was stored after all, the next append meets a conflict and reads it.
            Append::Unknown => self.tell(pending, Err(Refusal::StorageUnknown), ctx),
            Append::Conflict { .. } | Append::Unavailable => {
                self.tell(pending, Err(Refusal::StorageUnavailable), ctx);
            }
        }
    }

    fn catch_up_then_rate(&mut self, mut pending: PendingRating, ctx: &mut Context<Self>) {
        pending.conflicts += 1;
        let caught_up =
            turn::catch_up(Arc::clone(&self.services), self.id, self.state.clone(), self.head, Duration::ZERO);
        ctx.spawn(caught_up.into_actor(self).map(move |loaded, actor, ctx| match loaded {
            Ok((state, head)) => {
                (actor.state, actor.head) = (state, head);
                actor.end_followed_turn();
                actor.rate(pending, ctx);
            }
            // A turn may be running, and can go on: only the rating is refused.
            Err(refusal) => actor.tell(pending, Err(refusal), ctx),
        }));
    }

    fn tell(&mut self, pending: PendingRating, outcome: Result<(), Refusal>, ctx: &mut Context<Self>) {
        pending.tell(outcome);
        self.queue.busy = false;
        self.proceed(ctx);
    }
}
