//! The keys, on `?`.

use sycamore::prelude::*;

use super::keys::Keys;
use crate::ui::dialog::{Dialog, Open};

const KEYS: [(&str, &str); 8] = [
    ("j", "Next conversation"),
    ("k", "Previous conversation"),
    ("Enter", "Open it"),
    ("Esc", "Back to the list"),
    ("/", "Search"),
    ("u", "Mark as unread"),
    ("g then i, o, a, s", "Go to inbox, overview, audit, system"),
    ("?", "This help"),
];

/// The dialog; it opens by the key.
#[component]
pub(super) fn Help() -> View {
    let open = Open::closed();
    provide_help(open);
    let rows: Vec<View> = KEYS.into_iter().map(|(key, what)| view! { dt { kbd { (key) } } dd { (what) } }).collect();
    view! {
        Dialog(open=open, title="Keyboard") { dl(class="keys") { (rows) } }
    }
}

fn provide_help(open: Open) {
    Keys::on_press(move |press| {
        if press.key == "?" {
            press.taken();
            open.set(true);
        }
    });
}
