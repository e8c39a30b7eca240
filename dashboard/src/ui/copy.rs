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
        let clipboard = window().navigator().clipboard();
        // Browsers have one on pages with https only, and on the machine itself.
        let copied = (!clipboard.is_undefined()).then(|| JsFuture::from(clipboard.write_text(&text())));
        tasks.begin(async move {
            let is_copied = match copied {
                Some(copied) => copied.await.is_ok(),
                None => false,
            };
            notices.say(if is_copied {
                "Copied"
            } else {
                "The browser does not allow copying here. Select the text instead."
            });
        });
    };
    view! {
        button(r#type="button", class="icon-button", aria-label=label, title=label, on:click=copy) { Icon(name=Name::Copy) }
    }
}
