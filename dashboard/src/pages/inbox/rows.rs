//! The rows of the list, of which only those near the eye are in the document.

use chat_schema::{ConversationId, SnippetPart, Summary};
use sycamore::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::list::List;
use super::names::name;
use super::store::Inbox;
use super::window::{ROW, revealed, visible};
use crate::route;
use crate::ui::icons::{Icon, Name};
use crate::ui::states::{Empty, Fetched, Problem, Skeleton};
use crate::ui::time;

/// The list below the search.
#[component(inline_props)]
pub(super) fn Rows(open: ReadSignal<Option<ConversationId>>) -> View {
    let inbox: Inbox = use_context();
    let shown = create_selector(move || {
        inbox.list.with(|list| match list {
            Fetched::Loading => Shown::Loading,
            Fetched::Failed(failure) => Shown::Problem(failure.clone()),
            Fetched::There(list) if list.rows.is_empty() && list.next_cursor.is_none() => {
                if inbox.filter.with(super::filter::Filter::is_empty) { Shown::Nothing } else { Shown::NothingFound }
            }
            Fetched::There(_) => Shown::Rows,
        })
    });
    view! {
        p(class="count small muted", role="status") { (inbox.list.with(count)) }
        (match shown.get_clone() {
            Shown::Loading => view! { Skeleton(lines=9) },
            Shown::Problem(failure) => view! { Problem(failure=failure, again=move || inbox.reload()) },
            Shown::Nothing => view! {
                Empty(title="No conversations yet") {
                    p { "They appear here as soon as somebody writes." }
                    p { a(href="/dashboard/install") { "Put the chat on your site" } }
                }
            },
            Shown::NothingFound => view! { Empty(title="Nothing found") { p { "Try other words, or clear the filters." } } },
            Shown::Rows => view! { Window(open=open) },
        })
    }
}

#[derive(Clone, PartialEq, Eq)]
enum Shown {
    Loading,
    Problem(crate::api::Failure),
    Nothing,
    NothingFound,
    Rows,
}

fn count(list: &Fetched<List>) -> String {
    let Some(list) = list.there() else { return String::new() };
    let more = if list.total_is_lower_bound || list.next_cursor.is_some() && list.total <= list.rows.len() as u64 {
        "+"
    } else {
        ""
    };
    match list.total {
        0 => String::new(),
        1 => "1 conversation".into(),
        total => format!("{}{more} conversations", time::number(total)),
    }
}

#[component(inline_props)]
fn Window(open: ReadSignal<Option<ConversationId>>) -> View {
    let inbox: Inbox = use_context();
    let (scroller, space) = (create_node_ref(), create_node_ref());
    let height = create_signal(800.0);
    let rows = create_selector(move || inbox.list.with(|list| list.there().map_or(0, |list| list.rows.len())));
    let range = create_selector(move || visible(inbox.top.get(), height.get(), rows.get()));
    let near = create_memo(move || {
        let range = range.get_clone();
        inbox
            .list
            .with(|list| list.there().map_or_else(Vec::new, |list| list.rows.get(range).unwrap_or_default().to_vec()))
    });
    place(inbox, scroller, space, height, range, rows);
    let to_top = move |_| {
        inbox.fresh.set(0);
        if let Some(scroller) = element(scroller) {
            scroller.set_scroll_top(0);
        }
    };
    let again = move || {
        inbox.more_failed.set(None);
        inbox.load_ahead(rows.get_untracked());
    };
    view! {
        div(class="rows", r#ref=scroller, tabindex="-1", on:scroll=move |_| {
            if let Some(scroller) = element(scroller) {
                inbox.top.set(f64::from(scroller.scroll_top()));
                height.set(f64::from(scroller.client_height()));
            }
        }) {
            (match inbox.fresh.get() {
                0 => view! {},
                fresh => view! { button(r#type="button", class="fresh", on:click=to_top) { (format!("{fresh} new")) } },
            })
            div(class="space", r#ref=space) {
                ul(aria-label="Conversations") {
                    Keyed(list=near, key=|row: &Summary| row.clone().into_key(), view=move |row| view! { Row(row=row, open=open) })
                }
            }
            (match inbox.more_failed.get_clone() {
                Some(failure) => view! { Problem(failure=failure, again=again) },
                None if inbox.loading_more.get() => view! { Skeleton(lines=2) },
                None => view! {},
            })
        }
    }
}

/// What makes a row another one to look at.
trait IntoKey {
    fn into_key(self) -> (ConversationId, u64, u64, bool, String, Vec<(String, bool)>);
}

impl IntoKey for Summary {
    fn into_key(self) -> (ConversationId, u64, u64, bool, String, Vec<(String, bool)>) {
        let parts = self.snippet.map_or_else(Vec::new, |snippet| snippet.parts);
        let parts = parts.into_iter().map(|SnippetPart { text, hit }| (text, hit)).collect();
        (self.id, self.updated_at, self.messages, self.failed, self.last_message, parts)
    }
}

/// Keeps the document in step: heights, the reader's place, the selected row, and more rows in time.
fn place(
    inbox: Inbox,
    scroller: NodeRef,
    space: NodeRef,
    height: Signal<f64>,
    range: ReadSignal<std::ops::Range<usize>>,
    rows: ReadSignal<usize>,
) {
    if is_ssr!() {
        return;
    }
    create_effect(move || {
        let (range, rows) = (range.get_clone(), rows.get());
        if let Some(space) = element(space) {
            let style = space.style();
            let _ = style.set_property("height", &format!("{}px", rows as u64 * ROW as u64));
            let _ = style.set_property("padding-top", &format!("{}px", range.start as u64 * ROW as u64));
        }
        let _ = (inbox.loading_more.get(), inbox.list.track());
        inbox.load_ahead(range.end);
    });
    create_effect(move || {
        let shift = inbox.shift.get();
        if shift != 0.0
            && let Some(scroller) = element(scroller)
        {
            scroller.set_scroll_top(scroller.scroll_top() + shift as i32);
            inbox.shift.set_silent(0.0);
        }
    });
    create_effect(move || {
        let at = inbox.selected.get().and_then(|id| inbox.list.with_untracked(|list| list.there()?.position(id)));
        if let (Some(at), Some(scroller)) = (at, element(scroller))
            && let Some(top) = revealed(at, f64::from(scroller.scroll_top()), f64::from(scroller.client_height()))
        {
            scroller.set_scroll_top(top as i32);
        }
    });
    on_mount(move || {
        if let Some(scroller) = element(scroller) {
            height.set(f64::from(scroller.client_height()));
            scroller.set_scroll_top(inbox.top.get_untracked() as i32);
        }
    });
}

fn element(node: NodeRef) -> Option<HtmlElement> {
    node.try_get()?.dyn_into().ok()
}

#[component(inline_props)]
fn Row(row: Summary, open: ReadSignal<Option<ConversationId>>) -> View {
    let inbox: Inbox = use_context();
    let Summary { id, updated_at, messages, failed, last_message, snippet, .. } = row;
    let classes = move || {
        let unread = if inbox.is_unread(id, updated_at) { " unread" } else { "" };
        let selected = if inbox.selected.get() == Some(id) { " selected" } else { "" };
        format!("row{unread}{selected}")
    };
    let words: Vec<View> = match snippet {
        Some(snippet) => snippet.parts.into_iter().map(part).collect(),
        None => vec![view! { (last_message) }],
    };
    let (who, now) = (name(id), time::now());
    view! {
        li {
            a(href=route::conversation(id), class=classes, aria-current=move || (open.get() == Some(id)).then_some("true")) {
                span(class="who") {
                    span(class="dot", aria-hidden="true")
                    (if inbox.is_unread(id, updated_at) { view! { span(class="visually-hidden") { "Unread: " } } } else { view! {} })
                    span(class="name") { (who) }
                    span(class="size small muted", title=format!("{messages} messages")) { (messages) }
                    (if failed { view! { span(class="failed", title="An answer failed") { Icon(name=Name::Warning) span(class="visually-hidden") { "An answer failed" } } } } else { view! {} })
                    time(class="when small muted", datetime=time::iso(updated_at), title=time::full(updated_at)) { (time::brief(updated_at, now)) }
                }
                span(class="words", dir="auto") { (words) }
            }
        }
    }
}

fn part(part: SnippetPart) -> View {
    let text = part.text;
    if part.hit {
        view! { mark { (text) } }
    } else {
        view! { (text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_is_marked_and_markup_in_it_is_text() {
        let parts = [("<b>a</b> ", false), ("hit", true)].map(|(text, hit)| SnippetPart { text: text.into(), hit });
        let html =
            sycamore::render_to_string(move || view! { (parts.clone().into_iter().map(part).collect::<Vec<_>>()) });
        assert!(html.contains("&lt;b>a") || html.contains("&lt;b&gt;a"), "{html}");
        assert!(html.contains("<mark") && !html.contains("<b>"), "{html}");
    }
}
