//! One conversation as it is stored: its events, the state of their chain, and the thread as it was after any of them.

use chat_schema::{ConversationEvents, ConversationId, StoredEvent};
use sycamore::prelude::*;

use super::chain::Chain;
use super::events::Events;
use super::then::Then;
use crate::api::{self, Failure};
use crate::app::Account;
use crate::changes::{Change, Changes};
use crate::pages::inbox::name;
use crate::route;
use crate::ui::icons::{Icon, Name};
use crate::ui::states::{Empty, Fetched, Problem, Skeleton};
use crate::ui::tasks::Tasks;

/// The page of a conversation.
#[component(inline_props)]
pub(super) fn ConversationAudit(id: ConversationId) -> View {
    let (account, tasks) = (Account::here(), Tasks::here());
    let events: Signal<Fetched<Vec<StoredEvent>>> = create_signal(Fetched::Loading);
    // Answers of an older question are dropped.
    let question = create_signal(0_u64);
    let read = move || {
        let asked = question.get_untracked() + 1;
        question.set(asked);
        tasks.begin(async move {
            let address = format!("/v1/admin/conversations/{id}/events");
            let answer = account.watch(api::get::<ConversationEvents>(&address).await);
            // What is shown stays when a later look fails; the bar above says that the connection is lost.
            let is_shown = answer.is_err() && events.with_untracked(|events| events.there().is_some());
            if question.get_untracked() == asked && !is_shown {
                events.set(answer.map(|answer| answer.events).into());
            }
        });
    };
    read();
    Changes::on_change(move |change| {
        if matches!(change, Change::Any) || change == Change::Of(id) {
            read();
        }
    });
    let shown = create_selector(move || {
        events.with(|events| match events {
            Fetched::Loading => Shown::Loading,
            Fetched::Failed(failure) => Shown::Problem(failure.clone()),
            Fetched::There(events) if events.is_empty() => Shown::Nothing,
            Fetched::There(_) => Shown::Stored,
        })
    });
    let stored = create_memo(move || events.with(|events| events.there().cloned().unwrap_or_default()));
    let export = move |format: &str| format!("/v1/admin/conversations/{id}/export?format={format}");
    view! {
        header(class="audit-header") {
            a(class="icon-button", href="/dashboard/audit", aria-label="Back to the audit page", title="Back to the audit page") { Icon(name=Name::Back) }
            h1 { "Events of " (name(id)) }
            div(class="actions") {
                a(class="button", href=route::conversation(id)) { "Open the conversation" }
                a(class="button", href=export("ndjson"), rel="external", download="") { Icon(name=Name::Download) "NDJSON" }
            }
        }
        (match shown.get_clone() {
            Shown::Loading => view! { Skeleton(lines=8) },
            Shown::Problem(Failure::NotFound) | Shown::Nothing => view! {
                Empty(title="No events") { p { "There is no conversation of this id." } }
            },
            Shown::Problem(failure) => view! { Problem(failure=failure, again=read) },
            Shown::Stored => view! { Stored(id=id, events=stored) },
        })
    }
}

#[derive(Clone, PartialEq, Eq)]
enum Shown {
    Loading,
    Problem(Failure),
    Nothing,
    Stored,
}

/// What stands there stays there when events come: the slider is left where it is, and what was opened stays open.
#[component(inline_props)]
fn Stored(id: ConversationId, events: ReadSignal<Vec<StoredEvent>>) -> View {
    let chain = create_selector(move || events.with(|events| Chain::of(events)));
    let is_whole = create_selector(move || matches!(chain.get_clone(), Chain::Whole { .. }));
    view! {
        p(class=if is_whole.get() { "chain good" } else { "chain bad" }, role="status") {
            (if is_whole.get() { view! { Icon(name=Name::Check) } } else { view! { Icon(name=Name::Warning) } })
            span { (chain.get_clone().sentence()) }
        }
        div(class="audit-columns") {
            Events(events=events)
            Then(id=id, events=events)
        }
    }
}
