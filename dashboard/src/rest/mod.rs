//! The pages that are not of the inbox. They are a program of their own, loaded when one of them is opened, so that the first visit
//! need not bring them.
//!
//! The dashboard (`crate::shell::rest`) gives them an element to be in and the address to show, and tells them what changes. They
//! share nothing else: what they have to say to it they say to the document.

use std::cell::RefCell;

use chat_schema::ConversationId;
use sycamore::prelude::*;
use web_sys::{Element, Event};

use crate::app::{Account, Who};
use crate::changes::{Change, Changes};
use crate::pages::audit::AuditPage;
use crate::pages::install::InstallPage;
use crate::pages::overview::OverviewPage;
use crate::pages::system::SystemPage;
use crate::route::{Page, Place};
use crate::ui::notice::{NoticeArea, Notices};

/// The document's event that says: the session may have ended.
pub(crate) const SESSION: &str = "open-chat:session";

thread_local! {
    static SHOWN: RefCell<Option<Shown>> = const { RefCell::new(None) };
}

/// What is on the screen.
struct Shown {
    root: RootHandle,
    element: Element,
    page: Signal<Page>,
    changes: Changes,
}

/// Shows the page of `address` in `element`; what was shown in another one ends.
pub fn show(element: Element, address: &str) {
    let page = Page::at(address);
    let here =
        SHOWN.with_borrow(|shown| shown.as_ref().filter(|shown| shown.element == element).map(|shown| shown.page));
    match here {
        Some(shown) => shown.set(page),
        None => begin(element, page),
    }
}

/// Nothing is shown any more in `element`.
pub fn hide(element: &Element) {
    let shown = SHOWN.with_borrow_mut(|shown| shown.take_if(|shown| shown.element == *element));
    if let Some(shown) = shown {
        shown.root.dispose();
    }
}

/// A conversation changed; without an id, anything may have.
pub fn changed(conversation: Option<&str>) {
    let change = conversation.and_then(|id| id.parse().ok()).map_or(Change::Any, Change::Of);
    if let Some(changes) = SHOWN.with_borrow(|shown| shown.as_ref().map(|shown| shown.changes)) {
        changes.tell(change);
    }
}

fn begin(element: Element, page: Page) {
    let before = SHOWN.take();
    let root = before.map_or_else(
        || create_root(|| ()),
        |before| {
            before.root.dispose();
            before.root
        },
    );
    let (page, changes) = root.run_in(|| {
        let (page, changes) = (create_signal(page), Changes::none());
        provide_context(changes);
        provide_context(Notices::default());
        provide_context(Account::of_the_page(told));
        sycamore::web::render_in_scope(|| view! { Pages(page=*page) NoticeArea() }, &element);
        (page, changes)
    });
    SHOWN.set(Some(Shown { root, element, page, changes }));
}

fn told(who: &Who) {
    if matches!(who, Who::Nobody { .. })
        && let Ok(event) = Event::new(SESSION)
    {
        let _ = document().dispatch_event(&event);
    }
}

/// The page of a place stays while one moves within the place.
#[component(inline_props)]
fn Pages(page: ReadSignal<Page>) -> View {
    let place = create_selector(move || page.with(Page::place));
    let open: ReadSignal<Option<ConversationId>> = create_selector(move || page.with(Page::conversation));
    view! {
        (match place.get() {
            Place::Overview => view! { OverviewPage() },
            Place::Audit => view! { AuditPage(open=open) },
            Place::Install => view! { InstallPage() },
            Place::System => view! { SystemPage() },
            Place::Inbox | Place::Nowhere => view! {},
        })
    }
}
