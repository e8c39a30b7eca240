//! Short notices at the foot of the page, read out by screen readers; the newest replaces the one before.

use sycamore::prelude::*;

use super::timer::Timer;

const SHOWN_MS: i32 = 6_000;

/// What is to be said. A context of every component.
#[derive(Clone, Copy)]
pub(crate) struct Notices {
    text: Signal<Option<String>>,
    hide: Signal<Option<Timer>>,
}

impl Default for Notices {
    fn default() -> Self {
        Self { text: create_signal(None), hide: create_signal(None) }
    }
}

impl Notices {
    /// The same in every component.
    pub(crate) fn here() -> Self {
        use_context()
    }

    /// Says something.
    pub(crate) fn say(self, text: impl Into<String>) {
        self.text.set(Some(text.into()));
        self.hide.set_silent(Some(Timer::after(SHOWN_MS, move || self.text.set(None))));
    }
}

/// Where notices appear.
#[component]
pub(crate) fn NoticeArea() -> View {
    let notices = Notices::here();
    view! {
        div(class="notices", role="status", aria-live="polite") {
            (notices.text.get_clone().map(|text| view! { p(class="notice") { (text) } }))
        }
    }
}
