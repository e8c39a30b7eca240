//! What stands around every page: the rail, the state of the connection, help, notices.

mod connection;
mod help;
pub(crate) mod keys;
mod rail;
mod rest;

use sycamore::prelude::*;
use sycamore_router::{HistoryIntegration, Router};

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
                    main(id="content", tabindex="-1") { Pages(page=page) }
                }
                Help()
                NoticeArea()
            }
        })
    }
}

/// The page of a place stays while one moves within the place.
#[component(inline_props)]
fn Pages(page: ReadSignal<Page>) -> View {
    let place = create_selector(move || page.with(Page::place));
    let open = create_selector(move || page.with(Page::conversation));
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
