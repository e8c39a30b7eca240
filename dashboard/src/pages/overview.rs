//! The Overview page.

use sycamore::prelude::*;

/// The page.
#[component]
pub(crate) fn OverviewPage() -> View {
    view! { section(class="page") { h1 { "Overview" } } }
}
