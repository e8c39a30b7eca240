//! One conversation as it is stored: its events, the state of their chain, and the thread as it was after any of them.

use chat_schema::{ConversationEvents, ConversationId, StoredEvent};
use sycamore::prelude::*;

use super::chain::Chain;
use super::events::Events;
use super::then::Then;
use crate::api;
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
    let read = move || {
        tasks.begin(async move {
            let address = format!("/v1/admin/conversations/{id}/events");
            let answer = account.watch(api::get::<ConversationEvents>(&address).await);
            events.set(answer.map(|answer| answer.events).into());
        });
    };
    read();
    Changes::on_change(move |change| {
        if matches!(change, Change::Any) || change == Change::Of(id) {
            read();
        }
    });
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
        (match events.get_clone() {
            Fetched::Loading => view! { Skeleton(lines=8) },
            Fetched::Failed(failure) => view! { Problem(failure=failure, again=read) },
            Fetched::There(events) if events.is_empty() => view! {
                Empty(title="No events") { p { "There is no conversation of this id." } }
            },
            Fetched::There(events) => view! { Stored(id=id, events=events) },
        })
    }
}

#[component(inline_props)]
fn Stored(id: ConversationId, events: Vec<StoredEvent>) -> View {
    let chain = Chain::of(&events);
    let (class, icon) = match chain {
        Chain::Whole { .. } => ("chain good", Name::Check),
        Chain::Broken { .. } => ("chain bad", Name::Warning),
    };
    let versions: Vec<(u64, String)> = events.iter().filter_map(super::then::step).collect();
    view! {
        p(class=class, role="status") { Icon(name=icon) span { (chain.sentence()) } }
        div(class="audit-columns") {
            Events(events=events)
            Then(id=id, versions=versions)
        }
    }
}
