//! Says when news do not come, and that they come again.

use sycamore::prelude::*;

use crate::feed::{Connection, Feed};

/// A line above the page while the connection is lost.
#[component]
pub(super) fn ConnectionBar() -> View {
    let feed: Feed = use_context();
    view! {
        div(class="connection", role="status", aria-live="polite") {
            (match feed.connection.get() {
                Connection::Lost => view! { p { "Couldn’t reach the server. Trying again…" } },
                Connection::Opening | Connection::Live => view! {},
            })
        }
    }
}
