//! What the live feed told, for pages that only want to know when to look again.

use chat_schema::ConversationId;
use sycamore::prelude::*;

/// What may look different now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// This conversation.
    Of(ConversationId),
    /// Anything: news may have been missed.
    Any,
}

/// The newest change; every set of it is one. A context of the pages below [`crate::rest`].
#[derive(Clone, Copy)]
pub(crate) struct Changes(Signal<Change>);

impl Changes {
    /// Nothing has changed yet.
    pub(crate) fn none() -> Self {
        Self(create_signal(Change::Any))
    }

    /// Tells one.
    pub(crate) fn tell(self, change: Change) {
        self.0.set(change);
    }

    /// Calls `act` after every change from now on, while the scope this is called in lives.
    pub(crate) fn on_change(mut act: impl FnMut(Change) + 'static) {
        let Self(changes) = use_context();
        let mut first = true;
        create_effect(move || {
            let change = changes.get();
            if !std::mem::replace(&mut first, false) {
                untrack(|| act(change));
            }
        });
    }
}
