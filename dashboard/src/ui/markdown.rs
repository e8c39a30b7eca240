//! Markdown as the widget draws it: the same program, which the start module brings along, so that operators see what visitors saw.
//! It makes elements one by one, none but a handful of kinds, and gives no markup to the browser to read.

use js_sys::{Function, Reflect};
use sycamore::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

/// Of the start module: takes an element, gives a function that draws into it what it is called with, until it is called with nothing.
const DRAW: &str = "openChatMarkdown";

/// Draws a text that grows.
#[derive(Clone)]
pub(crate) struct Writer(Option<Function>);

impl Writer {
    /// Into this element.
    pub(crate) fn into(element: NodeRef) -> Self {
        let writer = || {
            let draw: Function = Reflect::get(&window(), &JsValue::from_str(DRAW)).ok()?.dyn_into().ok()?;
            let element = JsValue::from(element.try_get()?);
            draw.call1(&JsValue::NULL, &element).ok()?.dyn_into().ok()
        };
        Self(if is_ssr!() { None } else { writer() })
    }

    /// Draws more of it.
    pub(crate) fn write(&self, text: &str) {
        if let Some(writer) = &self.0 {
            let _ = writer.call1(&JsValue::NULL, &JsValue::from_str(text));
        }
    }

    /// That was all.
    pub(crate) fn end(&self) {
        if let Some(writer) = &self.0 {
            let _ = writer.call0(&JsValue::NULL);
        }
    }
}

/// A text that is whole.
#[component(inline_props)]
pub(crate) fn Markdown(text: String) -> View {
    if is_ssr!() {
        return view! { div(class="markdown", dir="auto") { (text) } };
    }
    let element = create_node_ref();
    let view = view! { div(class="markdown", dir="auto", r#ref=element) };
    let writer = Writer::into(element);
    writer.write(&text);
    writer.end();
    view
}
