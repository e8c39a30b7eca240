//! What operators did, newest first.

use serde::Deserialize;
use sycamore::prelude::*;

use crate::api::{self, Failure};
use crate::app::Account;
use crate::route;
use crate::ui::each::{Each, Item};
use crate::ui::notice::Notices;
use crate::ui::states::{Empty, Problem, Skeleton};
use crate::ui::tasks::Tasks;
use crate::ui::time;

/// What of a page is told here: reading every kind of act as what it is would take more room in the program than this page.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    events: Vec<Acted>,
    next_cursor: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Acted {
    version: u64,
    recorded_at: u64,
    operator: String,
    act: Act,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
struct Act {
    #[serde(rename = "type")]
    name: String,
    conversation: Option<String>,
    format: Option<String>,
    conversations: Option<Vec<String>>,
    erased: Option<Vec<Erased>>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Erased {
    erased_events: u64,
}

/// The list, with what can be taken out and opened above it.
#[component]
pub(super) fn Acts() -> View {
    let (account, tasks) = (Account::here(), Tasks::here());
    let acts: Signal<Vec<Acted>> = create_signal(Vec::new());
    let next: Signal<Option<String>> = create_signal(None);
    let failure: Signal<Option<Failure>> = create_signal(None);
    let loading = create_signal(true);
    let read = move || {
        batch(|| {
            loading.set(true);
            failure.set(None);
        });
        tasks.begin(async move {
            let cursor = next.get_clone_untracked().map_or(String::new(), |cursor| format!("&cursor={cursor}"));
            let page = account.watch(api::get::<Page>(&format!("/v1/admin/operators/events?limit=50{cursor}")).await);
            batch(|| {
                loading.set(false);
                match page {
                    Ok(page) => {
                        next.set(page.next_cursor);
                        acts.update(|acts| acts.extend(page.events));
                    }
                    Err(reason) => failure.set(Some(reason)),
                }
            });
        });
    };
    read();
    let rows = create_memo(move || acts.with(|acts| acts.iter().map(item).collect()));
    view! {
        h1 { "Audit" }
        Tools()
        h2 { "What operators did" }
        ol(class="acts") { Each(items=rows) }
        (if acts.with(Vec::is_empty) && !loading.get() && failure.with(Option::is_none) {
            view! { Empty(title="Nothing yet") { p { "Sign-ins, exports and erasures are listed here." } } }
        } else { view! {} })
        (failure.get_clone().map(|failure| view! { Problem(failure=failure, again=read) }).unwrap_or_default())
        (if loading.get() { view! { Skeleton(lines=4) } } else if next.with(Option::is_some) {
            view! { button(r#type="button", class="button", on:click=move |_| read()) { "Show earlier" } }
        } else { view! {} })
    }
}

fn item(acted: &Acted) -> Item {
    let (what, who, at) = (sentence(&acted.act), operator(&acted.operator), acted.recorded_at);
    Item::new(acted.version.to_string(), move || row(what.clone(), who, at))
}

fn row(what: String, who: &'static str, at: u64) -> View {
    let (iso, full) = (time::iso(at), time::full(at));
    view! {
        li {
            time(class="muted small", datetime=iso) { (full) }
            span { (what) }
            span(class="muted small") { (who) }
        }
    }
}

fn sentence(act: &Act) -> String {
    let what = || {
        act.conversation
            .as_ref()
            .map_or("Everything was exported".into(), |id| format!("Conversation {id} was exported"))
    };
    match act.name.as_str() {
        "SignedIn" => "Somebody signed in".into(),
        "SignInRefused" => "A wrong password was tried".into(),
        "SignedOut" => "Somebody signed out".into(),
        "ConversationsExported" => {
            format!("{} as {}", what(), act.format.as_deref().unwrap_or_default().to_uppercase())
        }
        "ErasureRequested" => match act.conversations.as_deref().unwrap_or_default() {
            [one] => format!("Conversation {one} is to be erased"),
            many => format!("{} conversations are to be erased", many.len()),
        },
        "ErasureCompleted" => {
            let events: u64 = act.erased.iter().flatten().map(|erased| erased.erased_events).sum();
            format!("Erased: {events} events")
        }
        other => other.into(),
    }
}

fn operator(name: &str) -> &'static str {
    match name {
        "admin-key" => "by the admin key",
        "dashboard" => "at the dashboard",
        "retention" => "by the server, as RETENTION_DAYS says",
        _ => "by somebody",
    }
}

/// Opens a conversation by its id, and takes events of a time out.
#[component]
fn Tools() -> View {
    let (notices, id) = (Notices::here(), create_signal(String::new()));
    let (from, to) = (create_signal(String::new()), create_signal(String::new()));
    let open = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        match id.get_clone_untracked().trim().parse() {
            Ok(id) => route::go(&route::conversation_audit(id)),
            Err(_) => notices.say("That is not the id of a conversation. It is in the address of its page."),
        }
    };
    let export = move |format: &'static str| {
        let day = |name: &str, day: String| day_begins(&day).map_or(String::new(), |at| format!("&{name}={at}"));
        format!("/v1/admin/export?format={format}{}{}", day("from", from.get_clone()), day("to", to.get_clone()))
    };
    view! {
        div(class="tools") {
            form(class="card", on:submit=open) {
                label(r#for="conversation-id") { "Open a conversation’s events" }
                div(class="inline") {
                    input(id="conversation-id", placeholder="Its id", autocomplete="off", bind:value=id)
                    button(r#type="submit", class="button") { "Open" }
                }
            }
            div(class="card") {
                div(class="inline") {
                    div { label(r#for="export-from") { "Export from" } input(id="export-from", r#type="date", bind:value=from) }
                    div { label(r#for="export-to") { "to before" } input(id="export-to", r#type="date", bind:value=to) }
                    a(class="button", href=export("csv"), rel="external", download="") { "CSV" }
                    a(class="button", href=export("ndjson"), rel="external", download="") { "NDJSON" }
                }
            }
        }
    }
}

/// Midnight of a `2026-01-31`, in the viewer's zone.
fn day_begins(day: &str) -> Option<u64> {
    if is_ssr!() || day.is_empty() {
        return None;
    }
    let at = js_sys::Date::new(&format!("{day}T00:00:00").into()).get_time();
    at.is_finite().then_some(at as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(json: &str) -> String {
        sentence(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn every_act_is_a_sentence() {
        assert_eq!(act(r#"{"type":"SignInRefused"}"#), "A wrong password was tried");
        assert_eq!(
            act(r#"{"type":"ConversationsExported","conversation":null,"format":"csv"}"#),
            "Everything was exported as CSV"
        );
        assert_eq!(act(r#"{"type":"ErasureRequested","conversations":["a","b"]}"#), "2 conversations are to be erased");
        assert_eq!(
            act(r#"{"type":"ErasureCompleted","erased":[{"erasedEvents":6},{"erasedEvents":2}]}"#),
            "Erased: 8 events"
        );
        assert_eq!(act(r#"{"type":"SomethingNewer"}"#), "SomethingNewer");
    }
}
