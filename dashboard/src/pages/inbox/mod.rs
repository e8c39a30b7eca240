//! The inbox: the list of conversations, and beside it the one that is open.

mod filter;
mod focus;
mod list;
mod names;
mod rows;
mod search;
mod store;
mod unread;
mod window;

use chat_schema::ConversationId;
use sycamore::prelude::*;
use sycamore_router::navigate;

use self::rows::Rows;
use self::search::Search;
use crate::pages::thread::ThreadPane;
use crate::route;
use crate::shell::keys::Keys;

pub(crate) use self::focus::is_nowhere;
pub(crate) use self::names::name;
pub(crate) use self::store::Inbox;

/// The page; `open` is the conversation in the address.
#[component(inline_props)]
pub(crate) fn InboxPage(open: ReadSignal<Option<ConversationId>>) -> View {
    let inbox: Inbox = use_context();
    follow(inbox, open);
    listen(inbox, open);
    view! {
        div(class="inbox", data-open=move || open.get().map(|_| "true")) {
            h1(class="visually-hidden") { "Inbox" }
            section(class="list", aria-label="Conversations") {
                Search()
                Rows(open=open)
            }
            section(class="detail", aria-label="Conversation") {
                (match open.get() {
                    Some(id) => view! { ThreadPane(id=id) },
                    None => view! { p(class="state") { "Choose a conversation. " kbd { "j" } " and " kbd { "k" } " move, " kbd { "Enter" } " opens." } },
                })
            }
        }
    }
}

/// What is opened is selected, and given the focus; what is left is given it back.
fn follow(inbox: Inbox, open: ReadSignal<Option<ConversationId>>) {
    let mut before = None;
    inbox.moved.set(false);
    create_effect(move || {
        let now = open.get();
        match (before.replace(now), now) {
            (Some(Some(left)), None) => inbox.focused.set(Some(left)),
            (seen, Some(id)) => {
                inbox.selected.set(Some(id));
                inbox.moved.set(seen.is_some());
            }
            _ => {}
        }
    });
}

/// `j`, `k`, Enter, Escape and `u`.
fn listen(inbox: Inbox, open: ReadSignal<Option<ConversationId>>) {
    Keys::on_press(move |press| match press.key.as_str() {
        "j" => inbox.select_next(1),
        "k" => inbox.select_next(-1),
        "Enter" if !press.is_on_control() => {
            if let Some(id) = inbox.selected.get_untracked() {
                navigate(&route::conversation(id));
            }
        }
        "Escape" if open.get_untracked().is_some() => navigate("/dashboard/"),
        "u" => {
            if let Some(id) = open.get_untracked().or(inbox.selected.get_untracked()) {
                inbox.mark_unread(id);
            }
        }
        _ => {}
    });
}
