//! What this browser remembers. Where storage is blocked nothing is remembered, and everything else works.

use sycamore::prelude::{is_ssr, on_cleanup, window};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::StorageEvent;

use super::tasks::Tasks;

/// What was remembered under a name.
pub(crate) fn read(name: &str) -> Option<String> {
    if is_ssr!() {
        return None;
    }
    window().local_storage().ok()??.get_item(name).ok()?
}

/// Calls `act` with what another tab of this browser remembers under `name`, while the scope this is called in lives.
pub(crate) fn on_change(name: &'static str, act: impl Fn(Option<String>) + 'static) {
    if is_ssr!() {
        return;
    }
    let tasks = Tasks::here();
    let changed = Closure::<dyn FnMut(StorageEvent)>::new(move |event: StorageEvent| {
        if event.key().as_deref() == Some(name) {
            tasks.run(|| act(event.new_value()));
        }
    });
    let _ = window().add_event_listener_with_callback("storage", changed.as_ref().unchecked_ref());
    on_cleanup(move || {
        let _ = window().remove_event_listener_with_callback("storage", changed.as_ref().unchecked_ref());
    });
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
