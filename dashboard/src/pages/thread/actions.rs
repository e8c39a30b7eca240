//! What can be done with a conversation: copy, export, audit, erase.

use chat_schema::{ConversationId, Erasure, Message, Role};
use sycamore::prelude::*;
use sycamore_router::navigate;

use super::store::Conversation;
use crate::api;
use crate::app::Account;
use crate::pages::inbox::name;
use crate::route;
use crate::ui::copy::CopyButton;
use crate::ui::dialog::{Dialog, Open};
use crate::ui::icons::{Icon, Name};
use crate::ui::notice::Notices;
use crate::ui::tasks::Tasks;
use crate::ui::time;

/// The buttons of the header.
#[component(inline_props)]
pub(super) fn Actions(conversation: Conversation, id: ConversationId) -> View {
    let erasing = Open::closed();
    let export = move |format: &str| format!("/v1/admin/conversations/{id}/export?format={format}");
    view! {
        div(class="thread-actions") {
            CopyButton(label="Copy the conversation", text=move || conversation.messages(as_text))
            a(class="icon-button", href=export("csv"), download="", rel="external", aria-label="Export as CSV", title="Export as CSV") { Icon(name=Name::Download) }
            a(class="icon-button json", href=export("ndjson"), download="", rel="external", aria-label="Export as NDJSON", title="Export as NDJSON") { "{ }" }
            a(class="icon-button", href=route::conversation_audit(id), aria-label="Audit its events", title="Audit its events") { Icon(name=Name::Audit) }
            button(r#type="button", class="icon-button", aria-label="Erase", title="Erase", on:click=move |_| erasing.set(true)) { Icon(name=Name::Erase) }
        }
        Erase(conversation=conversation, id=id, open=erasing)
    }
}

/// The whole of it, for a mail or a ticket.
fn as_text(messages: &[Message]) -> String {
    let line = |message: &Message| {
        let who = if message.role == Role::User { "Visitor" } else { "Assistant" };
        format!("{who}, {}:\n{}\n", time::full(message.created_at), message.content)
    };
    messages.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[component(inline_props)]
fn Erase(conversation: Conversation, id: ConversationId, open: Open) -> View {
    let (notices, account, busy) = (Notices::here(), Account::here(), create_signal(false));
    // The feed may tell of the erasure first, which takes this page away.
    let shell: Tasks = use_context();
    let erase = move |_| {
        if busy.replace(true) {
            return;
        }
        shell.begin(async move {
            let erased: Result<Erasure, _> =
                api::post(&format!("/v1/admin/conversations/{id}/erase"), &serde_json::Map::new()).await;
            if busy.is_alive() {
                busy.set(false);
                open.set(false);
            }
            match account.watch(erased) {
                Ok(_) => {
                    notices.say(format!("{} was erased.", name(id)));
                    navigate("/dashboard/");
                }
                Err(failure) => notices.say(format!("Nothing was erased. {}", failure.sentence())),
            }
        });
    };
    let what = move || {
        conversation.summary().map_or(String::new(), |summary| {
            format!(
                "All {} messages of “{}” (session {}) will be gone for good, ",
                summary.messages,
                name(id),
                summary.session_id
            )
        })
    };
    view! {
        Dialog(open=open, title="Erase this conversation?") {
            p { (what()) "from the event log and everywhere else. That it was erased, and when, stays on record." }
            div(class="actions") {
                button(r#type="button", class="button", "autofocus"="", on:click=move |_| open.set(false)) { "Keep it" }
                button(r#type="button", class="button danger", disabled=busy.get(), on:click=erase) { (if busy.get() { "Erasing…" } else { "Erase for good" }) }
            }
        }
    }
}
