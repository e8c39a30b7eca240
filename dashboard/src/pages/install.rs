//! The Install page.

use sycamore::prelude::*;

/// The page.
#[component]
pub(crate) fn InstallPage() -> View {
    view! { section(class="page") { h1 { "Install" } } }
}
