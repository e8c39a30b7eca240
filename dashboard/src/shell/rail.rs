//! The navigation: a rail at the left, on phones a bar at the foot.

use sycamore::prelude::*;
use sycamore_router::navigate;

use super::keys::Keys;
use crate::api::{self, Failure};
use crate::app::Account;
use crate::route::{Page, Place};
use crate::ui::icons::{Icon, Name};
use crate::ui::notice::Notices;
use crate::ui::tasks::Tasks;

const PLACES: [(Place, &str, &str, Name, &str); 5] = [
    (Place::Inbox, "Inbox", "/dashboard/", Name::Inbox, "i"),
    (Place::Overview, "Overview", "/dashboard/overview", Name::Overview, "o"),
    (Place::Audit, "Audit", "/dashboard/audit", Name::Audit, "a"),
    (Place::Install, "Install", "/dashboard/install", Name::Install, "n"),
    (Place::System, "System", "/dashboard/system", Name::System, "s"),
];

/// The rail.
#[component(inline_props)]
pub(super) fn Rail(page: ReadSignal<Page>) -> View {
    let place = create_selector(move || page.with(Page::place));
    go_by_keys();
    let links: Vec<View> = PLACES
        .into_iter()
        .map(|(own, label, address, icon, _)| {
            view! {
                li {
                    a(href=address, aria-current=move || (place.get() == own).then_some("page")) {
                        Icon(name=icon)
                        span { (label) }
                    }
                }
            }
        })
        .collect();
    view! {
        nav(class="rail", aria-label="Dashboard") {
            ul { (links) }
            SignOut()
        }
    }
}

#[component]
fn SignOut() -> View {
    let (account, notices, tasks) = (Account::here(), Notices::here(), Tasks::here());
    let sign_out = move |_| {
        tasks.begin(async move {
            match api::delete("/v1/admin/session").await {
                Ok(()) | Err(Failure::SignedOut) => account.signed_out(false),
                Err(failure) => notices.say(format!("You are still signed in. {}", failure.sentence())),
            }
        });
    };
    view! {
        button(r#type="button", class="sign-out", on:click=sign_out) {
            Icon(name=Name::SignOut)
            span { "Sign out" }
        }
    }
}

/// `g`, then the letter of a place.
fn go_by_keys() {
    let going = create_signal(false);
    Keys::on_press(move |press| {
        let second = going.replace(press.key == "g");
        let place = PLACES.into_iter().find(|(.., key)| second && press.key == *key);
        if let Some((_, _, address, ..)) = place {
            press.taken();
            navigate(address);
        }
    });
}
