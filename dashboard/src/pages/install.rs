//! The script tag, with the widget beside it as it will look.

use chat_schema::System;
use sycamore::prelude::*;

use crate::api::{self, escape};
use crate::app::Account;
use crate::ui::copy::CopyButton;
use crate::ui::states::{Fetched, Problem, Skeleton};
use crate::ui::tasks::Tasks;
use crate::ui::timer::Timer;

/// Pause after the last change before the preview follows, in milliseconds.
const PAUSE_MS: i32 = 400;

/// What can be chosen: the tag's attribute after `data-`, the preview's parameter, a label, a hint.
const LOOKS: [(&str, &str, &str, &str); 4] = [
    ("title", "title", "Title", "Assistant"),
    ("welcome-message", "welcomeMessage", "First words", "Hi! Ask me anything and I will help you out."),
    ("input-placeholder", "inputPlaceholder", "Hint in the field", "Type your message..."),
    ("suggestions", "suggestions", "Suggested questions, apart by |", "Where is my order?|Do you ship abroad?"),
];
const POSITION: (&str, &str) = ("position", "position");
const ACCENT: (&str, &str) = ("accent-color", "accentColor");
const USUAL_ACCENT: &str = "#0ea5e9";

/// The page.
#[component]
pub(crate) fn InstallPage() -> View {
    let (account, tasks) = (Account::here(), Tasks::here());
    let system: Signal<Fetched<System>> = create_signal(Fetched::Loading);
    let look = move || {
        tasks.begin(async move { system.set(account.watch(api::get("/v1/admin/system").await).into()) });
    };
    look();
    view! {
        section(class="page") {
            h1 { "Install" }
            p(class="muted") { "Paste one tag before " code { "</body>" } " of every page that should have the chat." }
            (match system.get_clone() {
                Fetched::Loading => view! { Skeleton(lines=8) },
                Fetched::Failed(failure) => view! { Problem(failure=failure, again=look) },
                Fetched::There(system) => view! { Tag(system=system) },
            })
        }
    }
}

/// The chosen looks, as attribute, parameter and value; what is as usual is left out.
type Chosen = Vec<(&'static str, &'static str, String)>;

#[component(inline_props)]
fn Tag(system: System) -> View {
    let texts = LOOKS.map(|_| create_signal(String::new()));
    let (left, accent) = (create_signal(false), create_signal(USUAL_ACCENT.to_owned()));
    let chosen = create_memo(move || {
        let mut chosen: Chosen = Vec::new();
        for ((attribute, parameter, ..), text) in LOOKS.iter().zip(texts) {
            let text = text.get_clone();
            if !text.trim().is_empty() {
                chosen.push((attribute, parameter, text));
            }
        }
        if left.get() {
            chosen.push((POSITION.0, POSITION.1, "left".into()));
        }
        let accent = accent.get_clone();
        if accent != USUAL_ACCENT {
            chosen.push((ACCENT.0, ACCENT.1, accent));
        }
        chosen
    });
    let (url, key) = (system.public_url.clone(), system.widget_key.clone());
    let tag = create_memo(move || chosen.with(|chosen| script_tag(&url, &key, chosen)));
    let fields: Vec<View> = LOOKS
        .iter()
        .zip(texts)
        .map(|((name, _, label, hint), text)| {
            view! { div { label(r#for=*name) { (*label) } input(id=*name, placeholder=*hint, bind:value=text) } }
        })
        .collect();
    let origins =
        system.configuration.iter().find(|setting| setting.name == "CORS_ORIGIN").map(|setting| setting.value.clone());
    let origins = origins.filter(|origins| !origins.is_empty()).unwrap_or_else(|| "none but this server’s own".into());
    view! {
        div(class="install") {
            form(class="card looks", on:submit=|event: web_sys::SubmitEvent| event.prevent_default()) {
                (fields)
                div { label(r#for="accent") { "Colour" } input(id="accent", r#type="color", bind:value=accent) }
                label(class="choice") { input(r#type="checkbox", bind:checked=left) "At the left" }
            }
            Preview(chosen=chosen)
        }
        div(class="tag") {
            h2 { "Your tag" }
            CopyButton(label="Copy the tag", text=move || tag.get_clone_untracked())
            pre(tabindex="0") { code { (tag.get_clone()) } }
        }
        p(class="muted") { "Sites that may use the chat (" code { "CORS_ORIGIN" } "): " strong { (origins) } ". Add your site’s address there if it is not among them." }
    }
}

#[component(inline_props)]
fn Preview(chosen: ReadSignal<Chosen>) -> View {
    let address = create_signal(String::new());
    let waiting: Signal<Option<Timer>> = create_signal(None);
    create_effect(move || {
        let next = preview(&chosen.get_clone());
        let pause = if address.with_untracked(String::is_empty) { 0 } else { PAUSE_MS };
        waiting.set_silent(Some(Timer::after(pause, move || address.set(next.clone()))));
    });
    view! {
        (match address.get_clone() {
            address if address.is_empty() => view! {},
            address => view! { iframe(class="preview", title="Preview of the chat", src=address) },
        })
    }
}

fn preview(chosen: &Chosen) -> String {
    let mut address = "/dashboard/preview?open=true".to_owned();
    for (_, parameter, value) in chosen {
        address.extend(["&", parameter, "=", &escape(value)]);
    }
    address
}

fn script_tag(url: &str, key: &str, chosen: &Chosen) -> String {
    let mut tag = format!(
        "<script src=\"{url}/widget/chat-widget.js\"\n        data-api-url=\"{url}/chat\"\n        data-api-key=\"{}\"",
        quoted(key)
    );
    for (attribute, _, value) in chosen {
        tag.extend(["\n        data-", attribute, "=\"", &quoted(value), "\""]);
    }
    tag.push_str(" defer></script>");
    tag
}

/// As the value of an attribute.
fn quoted(value: &str) -> String {
    value.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_has_what_was_chosen_and_nothing_a_text_can_break_out_with() {
        let chosen: Chosen = vec![("title", "title", "\"><script>&".into())];
        let tag = script_tag("https://chat.example", "key", &chosen);
        assert!(tag.contains("data-title=\"&quot;>&lt;script>&amp;\" defer></script>"), "{tag}");
        assert!(!script_tag("https://chat.example", "key", &vec![]).contains("data-title"));
    }
}
