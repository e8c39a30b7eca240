//! What stands around every page: the rail, the state of the connection, help, notices.

mod connection;
mod help;
pub(crate) mod keys;
mod rail;
mod rest;

use sycamore::prelude::*;
use sycamore_router::{HistoryIntegration, Router};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::feed::Feed;
use crate::pages::inbox::{Inbox, InboxPage};
use crate::route::{Page, Place};
use crate::ui::notice::NoticeArea;
use crate::ui::tasks::Tasks;

use connection::ConnectionBar;
use help::Help;
use keys::Keys;
use rail::Rail;
use rest::RestOfPages;

/// The dashboard of somebody who is signed in.
#[component]
pub(crate) fn Shell() -> View {
    provide_context(Tasks::here());
    let feed = Feed::open();
    provide_context(feed);
    provide_context(Inbox::follow(feed));
    provide_context(Keys::listen());
    view! {
        Router(integration=HistoryIntegration::new(), view=|page: ReadSignal<Page>| view! {
            div(class="shell") {
                a(class="skip", href="#content", rel="external") { "Skip to content" }
                Rail(page=page)
                div(class="main") {
                    ConnectionBar()
                    main(id="content", tabindex="-1", aria-label=move || page.with(Page::title)) { Pages(page=page) }
                }
                Help()
                NoticeArea()
            }
        })
    }
}

/// In the title; and who goes to another place is there with the keyboard, and hears which it is.
fn name_the_page(page: ReadSignal<Page>, place: ReadSignal<Place>) {
    if is_ssr!() {
        return;
    }
    create_effect(move || document().set_title(&page.with(Page::title)));
    let mut first = true;
    create_effect(move || {
        place.track();
        if !std::mem::replace(&mut first, false)
            && let Some(content) = document().get_element_by_id("content")
            && let Ok(content) = content.dyn_into::<HtmlElement>()
        {
            let _ = content.focus();
        }
    });
}

/// The page of a place stays while one moves within the place.
#[component(inline_props)]
fn Pages(page: ReadSignal<Page>) -> View {
    let place = create_selector(move || page.with(Page::place));
    let open = create_selector(move || page.with(Page::conversation));
    name_the_page(page, place);
    view! {
        (match place.get() {
            Place::Inbox => view! { InboxPage(open=open) },
            Place::Overview | Place::Audit | Place::Install | Place::System => view! { RestOfPages(page=page) },
            Place::Nowhere => view! {
                section(class="page") { h1 { "Nothing here" } p { a(href="/dashboard/") { "Go to the inbox" } } }
            },
        })
    }
}
