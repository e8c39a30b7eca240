//! The keyboard's place in the list. Rows come and go while the list moves; who has the focus on one keeps it on its conversation.

use chat_schema::ConversationId;
use sycamore::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusOptions, HtmlElement};

use super::store::Inbox;
use crate::route;
use crate::ui::each::Item;
use crate::ui::timer::Timer;

/// Gives the focus to the row that is to have it, and back to the one that had it when that was drawn anew.
pub(super) fn keep(inbox: Inbox, list: NodeRef, near: ReadSignal<Vec<Item>>) {
    if is_ssr!() {
        return;
    }
    let (asked, lost) = (create_signal(None::<Timer>), create_signal(None::<Timer>));
    let mut first = true;
    create_effect(move || {
        let row = inbox.focused.get();
        let is_asked = !std::mem::replace(&mut first, false);
        if let Some(id) = row.filter(|_| is_asked) {
            // At once, for fast fingers; and again once a row is there that comes only now.
            focus(list, id);
            asked.set_silent(Some(Timer::after(0, move || focus(list, id))));
        }
    });
    create_effect(move || {
        near.track();
        if inbox.focused.with_untracked(Option::is_some) {
            lost.set_silent(Some(Timer::after(0, move || {
                if let Some(id) = inbox.focused.get_untracked().filter(|_| is_nowhere()) {
                    focus(list, id);
                }
            })));
        }
    });
}

fn focus(list: NodeRef, id: ConversationId) {
    let list = list.try_get().and_then(|node| node.dyn_into::<Element>().ok());
    let row =
        list.and_then(|list| list.query_selector(&format!("[href='{}']", route::conversation(id))).ok().flatten());
    if let Some(row) = row.and_then(|row| row.dyn_into::<HtmlElement>().ok()) {
        let options = FocusOptions::new();
        options.set_prevent_scroll(true);
        let _ = row.focus_with_options(&options);
    }
}

/// Whether nothing has the focus: what had it is gone.
pub(crate) fn is_nowhere() -> bool {
    document().active_element().is_none_or(|active| active.tag_name() == "BODY")
}
