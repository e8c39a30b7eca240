//! A button that copies a text.

use sycamore::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::icons::{Icon, Name};
use super::notice::Notices;
use super::tasks::Tasks;

/// Copies what `text` gives when it is pressed; `label` names what that is.
#[component(inline_props)]
pub(crate) fn CopyButton(label: &'static str, text: impl Fn() -> String + 'static) -> View {
    let (notices, tasks) = (Notices::here(), Tasks::here());
    let copy = move |_| {
        let copied = JsFuture::from(window().navigator().clipboard().write_text(&text()));
        tasks.begin(async move {
            notices.say(match copied.await {
                Ok(_) => "Copied",
                Err(_) => "The browser does not allow copying here. Select the text instead.",
            });
        });
    };
    view! {
        button(r#type="button", class="icon-button", aria-label=label, title=label, on:click=copy) { Icon(name=Name::Copy) }
    }
}
