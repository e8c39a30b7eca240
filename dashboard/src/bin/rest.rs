//! The second program: the pages that are not of the inbox. What it exports is called by the first.

use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::Element;

fn main() {
    chat_dashboard::report_panics();
}

/// See [`chat_dashboard::rest::show`].
#[wasm_bindgen]
pub fn show(element: Element, address: &str) {
    chat_dashboard::rest::show(element, address);
}

/// See [`chat_dashboard::rest::hide`].
#[wasm_bindgen]
#[expect(clippy::needless_pass_by_value, reason = "what comes from JavaScript comes by value")]
pub fn hide(element: Element) {
    chat_dashboard::rest::hide(&element);
}

/// See [`chat_dashboard::rest::changed`].
#[wasm_bindgen]
#[expect(clippy::needless_pass_by_value, reason = "what comes from JavaScript comes by value")]
pub fn changed(conversation: Option<String>) {
    chat_dashboard::rest::changed(conversation.as_deref());
}
