//! The operators' dashboard: inbox, audit, overview, install and system pages over the admin API, rendered in the browser.
//!
//! Architecture invariant: what visitors and models wrote reaches the document as text nodes only, never as markup; no admin key
//! is ever in the browser, the session cookie is out of reach of scripts.

mod api;
mod app;
mod changes;
mod feed;
mod pages;
pub mod rest;
mod route;
mod shell;
mod ui;

/// Takes the loading screen away and shows the dashboard in its place.
pub fn start() {
    report_panics();
    if let Some(loading) = sycamore::prelude::document().get_element_by_id("loading") {
        loading.remove();
    }
    sycamore::render(app::App);
}

/// Says on the page that a panic ended the program.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic| ui::broken::show(&panic.to_string())));
}
