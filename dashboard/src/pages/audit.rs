//! The Audit page.

use chat_schema::ConversationId;
use sycamore::prelude::*;

/// The page.
#[component(inline_props)]
pub(crate) fn AuditPage(open: ReadSignal<Option<ConversationId>>) -> View {
    view! { section(class="page") { h1 { "Audit" } p { (open.get().map(|id| id.to_string()).unwrap_or_default()) } } }
}
