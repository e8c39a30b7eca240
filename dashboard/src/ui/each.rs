//! A list whose items stay what they are while others come and go; all lists are this one, so that its machinery is in the program
//! once.

use std::rc::Rc;

use sycamore::prelude::*;

/// An item: what tells it from others, and how it is shown.
#[derive(Clone)]
pub(crate) struct Item {
    key: String,
    show: Rc<dyn Fn() -> View>,
}

impl Item {
    /// The same key means the same item, however it would be shown.
    pub(crate) fn new(key: String, show: impl Fn() -> View + 'static) -> Self {
        Self { key, show: Rc::new(show) }
    }
}

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

/// Shows the items in their order.
#[component(inline_props)]
pub(crate) fn Each(items: ReadSignal<Vec<Item>>) -> View {
    view! { Keyed(list=items, key=|item: &Item| item.key.clone(), view=|item: Item| (item.show)()) }
}
