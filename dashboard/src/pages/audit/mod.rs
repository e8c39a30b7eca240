//! Audit: what operators did, and of one conversation what is stored, event by event.

mod acts;
mod chain;
mod conversation;
mod events;
mod then;

use chat_schema::ConversationId;
use sycamore::prelude::*;

use self::acts::Acts;
use self::conversation::ConversationAudit;

/// The page; `open` is the conversation in the address.
#[component(inline_props)]
pub(crate) fn AuditPage(open: ReadSignal<Option<ConversationId>>) -> View {
    view! {
        section(class="page audit") {
            (match open.get() {
                Some(id) => view! { ConversationAudit(id=id) },
                None => view! { Acts() },
            })
        }
    }
}
