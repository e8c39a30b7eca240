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
use crate::ui::each::{Each, Item};
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
    // How many were found is said aloud; that one more came is not, all day long.
    let is_all = create_selector(move || inbox.filter.with(super::filter::Filter::is_empty));
    view! {
        p(class="count small muted", role="status", aria-live=move || if is_all.get() { "off" } else { "polite" }) { (inbox.list.with(count)) }
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
        inbox.list.with(|list| {
            let rows = list.there().and_then(|list| list.rows.get(range)).unwrap_or_default();
            rows.iter().map(|summary| item(summary.clone(), open)).collect()
        })
    });
    place(inbox, scroller, space, height, range, rows);
    super::focus::keep(inbox, scroller, near);
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
                    Each(items=near)
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

/// A row is another one to look at when anything that it shows has changed.
fn item(summary: Summary, open: ReadSignal<Option<ConversationId>>) -> Item {
    let Summary { id, updated_at, messages, failed, answering, .. } = summary;
    let mut key = format!("{id} {updated_at} {messages} {failed} {answering}");
    for part in summary.snippet.iter().flat_map(|snippet| &snippet.parts) {
        key.push_str(&part.text);
    }
    Item::new(key, move || row(summary.clone(), open))
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
            inbox.top.set(f64::from(scroller.scroll_top()));
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

fn row(summary: Summary, open: ReadSignal<Option<ConversationId>>) -> View {
    let inbox: Inbox = use_context();
    let Summary { id, updated_at, messages, failed, answering, last_message, snippet, .. } = summary;
    let is_unread = create_selector(move || inbox.is_unread(id, updated_at));
    let classes = move || match (is_unread.get(), inbox.selected.get() == Some(id)) {
        (false, false) => "row",
        (true, false) => "row unread",
        (false, true) => "row selected",
        (true, true) => "row unread selected",
    };
    let current = move || (open.get() == Some(id)).then_some("true");
    let said = move || {
        let unread = if is_unread.get() { "Unread. " } else { "" };
        let failed = if failed { "An answer failed. " } else { "" };
        let answering = if answering { "Being answered. " } else { "" };
        format!("{unread}{failed}{answering}")
    };
    let words: Vec<View> = match snippet {
        Some(snippet) => snippet.parts.iter().map(part).collect(),
        None => vec![view! { (plain(&last_message)) }],
    };
    let mark = match (answering, failed) {
        (true, _) => view! { span(class="live", title="An answer is being written") },
        (false, true) => view! { span(class="failed", title="An answer failed") { Icon(name=Name::Warning) } },
        (false, false) => view! {},
    };
    let (address, who, size) = (route::conversation(id), name(id), messages.to_string());
    let (iso, full) = (time::iso(updated_at), time::full(updated_at));
    let brief = create_selector(move || time::brief(updated_at, inbox.clock.get()));
    let left = move |event: web_sys::FocusEvent| {
        // Gone with the row, or to another window, it comes back.
        if event.related_target().is_some() {
            inbox.focused.set_silent(None);
        }
    };
    view! {
        li {
            a(href=address, class=classes, aria-current=current, on:focus=move |_| inbox.focused.set_silent(Some(id)), on:blur=left) {
                span(class="who") {
                    span(class="dot", aria-hidden="true")
                    span(class="visually-hidden") { (said()) }
                    span(class="name") { (who) }
                    span(class="size small muted", title="Messages") { (size) }
                    (mark)
                    time(class="when small muted", datetime=iso, title=full) { (brief.get_clone()) }
                }
                span(class="words", dir="auto") { (words) }
            }
        }
    }
}

fn part(part: &SnippetPart) -> View {
    let text = plain(&part.text);
    if part.hit {
        view! { mark { (text) } }
    } else {
        view! { (text) }
    }
}

/// Without what Markdown marks words with: a row shows words alone. Inside of a word, as in `2**3`, the stars are its own.
fn plain(text: &str) -> String {
    // No `split("**")`: searching for text would add two kilobytes to what is downloaded.
    let mut words = String::new();
    let mut rest = text.chars().peekable();
    let mut before = ' ';
    while let Some(next) = rest.next() {
        let stars = next == '*' && rest.next_if_eq(&'*').is_some();
        let inside = before.is_ascii_alphanumeric() && rest.peek().is_some_and(char::is_ascii_alphanumeric);
        match next {
            '`' => {}
            _ if stars && inside => words.push_str("**"),
            _ if stars => {}
            _ => words.push(next),
        }
        before = next;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_marks_words_in_markdown_is_left_out_and_arithmetic_stays() {
        assert_eq!(plain("**Open** `Settings`, (**now**): 2 * 3 is 6"), "Open Settings, (now): 2 * 3 is 6");
        assert_eq!(plain("2**3 is 8 **indeed**"), "2**3 is 8 indeed");
    }

    #[test]
    fn what_is_found_is_marked_and_markup_in_it_is_text() {
        let parts = [("<b>a</b> ", false), ("hit", true)].map(|(text, hit)| SnippetPart { text: text.into(), hit });
        let html = sycamore::render_to_string(move || view! { (parts.iter().map(part).collect::<Vec<_>>()) });
        assert!(html.contains("&lt;b>a") || html.contains("&lt;b&gt;a"), "{html}");
        assert!(html.contains("<mark") && !html.contains("<b>"), "{html}");
    }
}
