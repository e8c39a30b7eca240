//! The inbox: the list of conversations, and beside it the one that is open.

use chat_schema::ConversationId;
use sycamore::prelude::*;

/// The page; `open` is the conversation in the address.
#[component(inline_props)]
pub(crate) fn InboxPage(open: ReadSignal<Option<ConversationId>>) -> View {
    view! { section(class="page") { h1 { "Inbox" } p { (open.get().map(|id| id.to_string()).unwrap_or_default()) } } }
}
