//! A modal dialog: the browser's own, which keeps the focus, closes on Escape and gives the focus back.

use sycamore::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlDialogElement;

use super::icons::{Icon, Name};

/// Whether a dialog is open.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Open(Signal<bool>);

impl Open {
    /// Closed.
    pub(crate) fn closed() -> Self {
        Self(create_signal(false))
    }

    /// Opens or closes it.
    pub(crate) fn set(self, open: bool) {
        self.0.set(open);
    }

    /// Whether it is.
    pub(crate) fn get(self) -> bool {
        self.0.get()
    }
}

/// Shows its children while `open`, with a heading and a button that closes it.
#[component(inline_props)]
pub(crate) fn Dialog(open: Open, title: &'static str, children: Children) -> View {
    let dialog = create_node_ref();
    create_effect(move || {
        let open = open.get();
        let Some(dialog) = dialog.try_get().and_then(|node| node.dyn_into::<HtmlDialogElement>().ok()) else { return };
        if open && !dialog.open() {
            let _ = dialog.show_modal();
        } else if !open && dialog.open() {
            dialog.close();
        }
    });
    view! {
        dialog(r#ref=dialog, aria-label=title, on:close=move |_| open.set(false)) {
            header {
                h2 { (title) }
                button(r#type="button", class="icon-button", aria-label="Close", title="Close", on:click=move |_| open.set(false)) {
                    Icon(name=Name::Close)
                }
            }
            (children)
        }
    }
}
