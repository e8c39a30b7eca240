//! A conversation: its messages, and what can be done with it.

mod actions;
mod details;
mod live;
mod message;
mod store;

use chat_schema::{ConversationId, Message, Summary};
use sycamore::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use self::actions::Actions;
use self::live::Live;
use self::message::message_view;
use self::store::Conversation;
use crate::api::Failure;
use crate::pages::inbox::{Inbox, is_nowhere, name};
use crate::ui::each::{Each, Item};
use crate::ui::icons::{Icon, Name};
use crate::ui::states::{Empty, Fetched, Problem, Skeleton};
use crate::ui::time;

/// Messages shown at first, and with every "show earlier".
const SHOWN: usize = 100;
/// Pixels from the foot within which a reader counts as being there.
const FOOT: i32 = 120;

/// The conversation, live.
#[component(inline_props)]
pub(crate) fn ThreadPane(id: ConversationId) -> View {
    let conversation = Conversation::open(id);
    let inbox: Inbox = use_context();
    create_effect(move || {
        if let Some(summary) = conversation.summary() {
            untrack(|| inbox.mark_read(&summary));
        }
    });
    let shown = create_selector(move || {
        conversation.thread.with(|thread| match thread {
            Fetched::Loading => Shown::Loading,
            Fetched::There(_) => Shown::Thread,
            Fetched::Failed(Failure::NotFound) => Shown::Gone,
            Fetched::Failed(failure) => Shown::Problem(failure.clone()),
        })
    });
    view! {
        div(class="thread") {
            (match shown.get_clone() {
                Shown::Loading => view! { Back() Skeleton(lines=8) },
                Shown::Thread => view! { Header(conversation=conversation, id=id) Messages(conversation=conversation, id=id) },
                Shown::Gone => view! {
                    Back()
                    Empty(title="This conversation is not there") {
                        p { "It was erased, or the address is another one. " a(href=crate::route::conversation_audit(id)) { "Its events" } " tell." }
                    }
                },
                Shown::Problem(failure) => view! { Back() Problem(failure=failure, again=move || conversation.read()) },
            })
        }
    }
}

#[derive(Clone, PartialEq, Eq)]
enum Shown {
    Loading,
    Thread,
    Gone,
    Problem(Failure),
}

#[component]
fn Back() -> View {
    view! {
        a(class="icon-button back", href="/dashboard/", aria-label="Back to the list", title="Back to the list") { Icon(name=Name::Back) }
    }
}

#[component(inline_props)]
fn Header(conversation: Conversation, id: ConversationId) -> View {
    let line = move || conversation.summary().map(|summary| about(&summary)).unwrap_or_default();
    view! {
        header(class="thread-header") {
            Back()
            div(class="thread-title") {
                h2 { (name(id)) }
                p(class="small muted") { (line()) }
            }
            Actions(conversation=conversation, id=id)
        }
    }
}

fn about(summary: &Summary) -> String {
    let many = if summary.messages == 1 { "message" } else { "messages" };
    format!("{} {many} · since {}", time::number(summary.messages), time::full(summary.created_at))
}

#[component(inline_props)]
fn Messages(conversation: Conversation, id: ConversationId) -> View {
    // What is shown once stays, however many come.
    let hidden = create_signal(conversation.messages(<[Message]>::len).saturating_sub(SHOWN));
    let is_part = create_selector(move || hidden.get() > 0);
    let shown = create_memo(move || {
        conversation.messages(|messages| items(messages.get(hidden.get()..).unwrap_or_default(), conversation))
    });
    let scroller = create_node_ref();
    let earlier = move |_| keep_the_place(scroller, || hidden.set(hidden.get_untracked().saturating_sub(SHOWN)));
    stay_at_the_foot(conversation, scroller);
    take_the_focus(id, scroller);
    view! {
        div(class="messages", r#ref=scroller, tabindex="0", role="log", aria-label=format!("Conversation with {}", name(id))) {
            (if is_part.get() {
                view! {
                    button(r#type="button", class="button earlier", on:click=earlier) {
                        (format!("Show earlier messages ({})", time::number(hidden.get() as u64)))
                    }
                }
            } else { view! {} })
            Each(items=shown)
            Live(conversation=conversation)
        }
    }
}

/// A message is another one to look at when it was rated or failed meanwhile, or begins a day no more.
fn items(messages: &[Message], conversation: Conversation) -> Vec<Item> {
    let mut day = None;
    let item = |message: &Message| {
        let begins = day.replace(time::day(message.created_at)) != day;
        let rating = message.rating.map(|rating| rating as u8);
        let key = format!("{} {} {rating:?} {begins}", message.id, message.status as u8);
        let message = message.clone();
        Item::new(key, move || message_view(message.clone(), begins, conversation))
    };
    messages.iter().map(item).collect()
}

/// Whoever opened the conversation can read on by the keyboard, unless they are somewhere else by now.
fn take_the_focus(id: ConversationId, scroller: NodeRef) {
    let inbox: Inbox = use_context();
    if !inbox.moved.get_untracked() {
        return;
    }
    on_mount(move || {
        let active = document().active_element().and_then(|active| active.get_attribute("href"));
        let here = is_nowhere() || active == Some(crate::route::conversation(id));
        if let Some(scroller) = scroller.try_get().and_then(|node| node.dyn_into::<HtmlElement>().ok()).filter(|_| here)
        {
            let _ = scroller.focus();
        }
    });
}

/// What `change` adds above the eye moves nothing below it.
fn keep_the_place(scroller: NodeRef, change: impl FnOnce()) {
    let scroller = scroller.try_get().and_then(|node| node.dyn_into::<HtmlElement>().ok());
    let below = scroller.as_ref().map(|scroller| scroller.scroll_height() - scroller.scroll_top());
    change();
    if let (Some(scroller), Some(below)) = (scroller, below) {
        scroller.set_scroll_top(scroller.scroll_height() - below);
    }
}

/// Whoever reads the end goes on reading the end; whoever reads something earlier is left there.
fn stay_at_the_foot(conversation: Conversation, scroller: NodeRef) {
    if is_ssr!() {
        return;
    }
    let mut first = true;
    create_effect(move || {
        let _ = (conversation.thread.track(), conversation.running.track());
        let Some(scroller) = scroller.try_get().and_then(|node| node.dyn_into::<HtmlElement>().ok()) else { return };
        let below = scroller.scroll_height() - scroller.scroll_top() - scroller.client_height();
        if std::mem::replace(&mut first, false) || below < FOOT {
            // The document follows when all effects of this change have run.
            conversation.scroll.set_silent(Some(crate::ui::timer::Timer::after(0, move || {
                scroller.set_scroll_top(scroller.scroll_height());
            })));
        }
    });
}
