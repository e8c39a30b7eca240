//! The events as a timeline.

use chat_schema::StoredEvent;
use sycamore::prelude::*;

use super::chain::plain;
use crate::ui::copy::CopyButton;
use crate::ui::each::{Each, Item};
use crate::ui::icons::{Icon, Name};
use crate::ui::time;

/// Events shown at first, and with every "show earlier".
const SHOWN: usize = 100;

/// The newest events, in their order; earlier ones on request.
#[component(inline_props)]
pub(super) fn Events(events: ReadSignal<Vec<StoredEvent>>) -> View {
    let limit = create_signal(SHOWN);
    let hidden = create_selector(move || events.with(Vec::len).saturating_sub(limit.get()));
    let shown = create_memo(move || events.with(|events| events.iter().skip(hidden.get()).map(item).collect()));
    view! {
        div(class="timeline") {
            h2 { "Stored events" }
            (match hidden.get() {
                0 => view! {},
                hidden => view! {
                    button(r#type="button", class="button", on:click=move |_| limit.set(limit.get_untracked() + SHOWN)) {
                        (format!("Show earlier events ({hidden})"))
                    }
                },
            })
            ol { Each(items=shown) }
        }
    }
}

/// An event is stored once and for all; only whether it follows the one before it may look different later.
fn item(stored: &StoredEvent) -> Item {
    let stored = stored.clone();
    Item::new(format!("{} {} {}", stored.position, stored.hash, stored.verified), move || event(stored.clone()))
}

fn event(event: StoredEvent) -> View {
    let StoredEvent { version, recorded_at, event_type, hash, verified, bytes, .. } = event;
    let number = version.map_or("?".to_owned(), |version| version.to_string());
    let (what, hash) = (plain(event_type.as_deref()).to_owned(), hash.to_string());
    let (short, whole) = (hash.chars().take(12).collect::<String>(), hash.clone());
    let (mark, said) = if verified { (Name::Check, "verified") } else { (Name::Warning, "not verified") };
    let at = recorded_at
        .map(|at| view! { time(class="muted small", datetime=time::iso(at)) { (time::full(at)) } })
        .unwrap_or_default();
    view! {
        li(class=if verified { "" } else { "broken-link" }) {
            p(class="event") {
                span(class="version") { (number) }
                strong { (what) }
                (at)
            }
            p(class="hash small muted") {
                Icon(name=mark)
                span { (said) " · " code(title=whole) { (short) "…" } }
                CopyButton(label="Copy the whole hash", text=move || hash.clone())
            }
            details {
                summary(class="small") { "Stored bytes" }
                pre(tabindex="0") { code { (pretty(&bytes)) } }
            }
        }
    }
}

/// JSON with its parts below each other; anything else as it is.
fn pretty(bytes: &str) -> String {
    if is_ssr!() {
        return bytes.into();
    }
    let indented =
        |value| js_sys::JSON::stringify_with_replacer_and_space(&value, &wasm_bindgen::JsValue::NULL, &2.into());
    js_sys::JSON::parse(bytes).and_then(indented).map_or_else(|_| bytes.to_owned(), String::from)
}
