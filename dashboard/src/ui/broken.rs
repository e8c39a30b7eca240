//! The last resort: a panic ends the program in the browser, so it is said plainly and once.

use sycamore::prelude::document;
use wasm_bindgen::JsValue;

/// Shows that nothing works any more until the page is loaded again. The report goes to the browser's console.
pub(crate) fn show(report: &str) {
    web_sys::console::error_1(&JsValue::from_str(report));
    if let (Some(body), Ok(notice)) = (document().body(), document().create_element("div")) {
        notice.set_class_name("broken");
        let _ = notice.set_attribute("role", "alert");
        notice.set_text_content(Some("Something went wrong on this page. Reload it to go on; nothing is lost."));
        let _ = body.append_child(&notice);
    }
}
