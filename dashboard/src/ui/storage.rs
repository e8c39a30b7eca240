//! What this browser remembers. Where storage is blocked nothing is remembered, and everything else works.

use sycamore::prelude::{is_ssr, window};

/// What was remembered under a name.
pub(crate) fn read(name: &str) -> Option<String> {
    if is_ssr!() {
        return None;
    }
    window().local_storage().ok()??.get_item(name).ok()?
}

/// Remembers a text, or with `None` forgets it.
pub(crate) fn write(name: &str, text: Option<&str>) {
    if let Ok(Some(storage)) = window().local_storage() {
        // Full or blocked: there is nothing to be done about it.
        let _ = match text {
            Some(text) => storage.set_item(name, text),
            None => storage.remove_item(name),
        };
    }
}
