//! Keys that work everywhere but in fields.

use crate::ui::tasks::Tasks;
use sycamore::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, KeyboardEvent};

/// The key that was pressed last; every change of it is one press. A context of every page.
#[derive(Clone, Copy)]
pub(crate) struct Keys(Signal<Option<Press>>);

/// A press of a key, outside of fields and without Ctrl, Alt or Meta.
#[derive(Clone)]
pub(crate) struct Press {
    /// As the browser names it: `j`, `Enter`, `/`.
    pub(crate) key: String,
    event: KeyboardEvent,
}

impl Press {
    /// Whether a link or a button has the focus, which does something with this key itself.
    pub(crate) fn is_on_control(&self) -> bool {
        let target = self.event.target().and_then(|target| target.dyn_into::<Element>().ok());
        target.is_some_and(|target| matches!(target.tag_name().as_str(), "A" | "BUTTON" | "SUMMARY"))
    }

    /// Keeps the browser from doing what it does with this key.
    pub(crate) fn taken(&self) {
        self.event.prevent_default();
    }
}

impl Keys {
    /// Listens; stops with the scope this is called in.
    pub(super) fn listen() -> Self {
        let keys = Self(create_signal(None));
        let tasks = Tasks::here();
        let pressed = Closure::<dyn FnMut(KeyboardEvent)>::new(move |event: KeyboardEvent| {
            if !event.ctrl_key() && !event.meta_key() && !event.alt_key() && !is_in_field(&event) {
                tasks.run(|| keys.0.set(Some(Press { key: event.key(), event })));
            }
        });
        let _ = document().add_event_listener_with_callback("keydown", pressed.as_ref().unchecked_ref());
        on_cleanup(move || {
            let _ = document().remove_event_listener_with_callback("keydown", pressed.as_ref().unchecked_ref());
        });
        keys
    }

    /// Calls `act` for every press while the scope this is called in lives.
    pub(crate) fn on_press(mut act: impl FnMut(&Press) + 'static) {
        let keys: Self = use_context();
        let mut first = true;
        create_effect(move || {
            let press = keys.0.get_clone();
            // What was pressed before the page was there is not for it.
            if !std::mem::replace(&mut first, false)
                && let Some(press) = press
            {
                untrack(|| act(&press));
            }
        });
    }
}

fn is_in_field(event: &KeyboardEvent) -> bool {
    let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    element.is_some_and(|element| {
        matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
            || element.closest("dialog[open]").ok().flatten().is_some()
    })
}
