//! The search field and the filters.

use sycamore::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::filter::{Filter, Range};
use super::store::Inbox;
use crate::shell::keys::Keys;
use crate::ui::icons::{Icon, Name};
use crate::ui::timer::Timer;

/// Pause after the last letter before it is searched, in milliseconds.
const PAUSE_MS: i32 = 180;
const SIZES: [(u32, &str); 4] =
    [(0, "Any length"), (4, "4 messages or more"), (10, "10 messages or more"), (30, "30 messages or more")];

/// The fields above the list.
#[component]
pub(super) fn Search() -> View {
    let inbox: Inbox = use_context();
    let filter = inbox.filter.get_clone_untracked();
    let words = create_signal(filter.words.clone());
    let range = create_signal(position(Range::ALL.iter().position(|range| *range == filter.range)));
    let size = create_signal(position(SIZES.iter().position(|(size, _)| *size == filter.min_messages)));
    let failed = create_signal(filter.failed);
    let pending: Signal<Option<Timer>> = create_signal(None);
    let field = create_node_ref();
    let asked = move || Filter {
        words: words.get_clone(),
        range: chosen(&Range::ALL, &range.get_clone()).unwrap_or_default(),
        failed: failed.get(),
        min_messages: chosen(&SIZES, &size.get_clone()).map_or(0, |(size, _)| size),
    };
    create_effect(move || {
        let asked = asked();
        let pause = if asked.words == inbox.filter.with_untracked(|old| old.words.clone()) { 0 } else { PAUSE_MS };
        if is_not_ssr!() {
            pending.set_silent(Some(Timer::after(pause, move || inbox.look_for(asked.clone()))));
        }
    });
    Keys::on_press(move |press| {
        if press.key == "/"
            && let Some(field) = field.try_get().and_then(|node| node.dyn_into::<HtmlElement>().ok())
        {
            press.taken();
            let _ = field.focus();
        }
    });
    let clear = move |_| {
        batch(|| {
            words.set(String::new());
            range.set("0".into());
            size.set("0".into());
            failed.set(false);
        });
    };
    let ranges = options(Range::ALL.iter().map(|range| range.label()));
    let sizes = options(SIZES.iter().map(|(_, label)| *label));
    view! {
        div(class="search", role="search") {
            label(class="search-field") {
                span(class="visually-hidden") { "Search all messages" }
                Icon(name=Name::Search)
                input(r#ref=field, r#type="search", placeholder="Search all messages", maxlength="200", autocomplete="off", bind:value=words,
                    on:keydown=move |event: web_sys::KeyboardEvent| leave(&event))
            }
            div(class="filters") {
                select(aria-label="Time", bind:value=range) { (ranges) }
                select(aria-label="Length", bind:value=size) { (sizes) }
                label(class="check") { input(r#type="checkbox", bind:checked=failed) " Failed" }
                (if inbox.filter.with(Filter::is_empty) { view! {} } else {
                    view! { button(r#type="button", class="link", on:click=clear) { "Clear" } }
                })
            }
        }
    }
}

/// Escape leaves the field.
fn leave(event: &web_sys::KeyboardEvent) {
    if event.key() == "Escape"
        && let Some(field) = event.target().and_then(|field| field.dyn_into::<HtmlElement>().ok())
    {
        let _ = field.blur();
    }
}

fn options<'a>(labels: impl Iterator<Item = &'a str>) -> Vec<View> {
    let option = |(at, label): (usize, &str)| {
        let label = label.to_owned();
        view! { option(value=at.to_string()) { (label) } }
    };
    labels.enumerate().map(option).collect()
}

fn position(at: Option<usize>) -> String {
    at.unwrap_or(0).to_string()
}

fn chosen<T: Copy>(all: &[T], at: &str) -> Option<T> {
    all.get(at.parse::<usize>().ok()?).copied()
}
