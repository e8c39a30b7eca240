//! The System page.

use sycamore::prelude::*;

/// The page.
#[component]
pub(crate) fn SystemPage() -> View {
    view! { section(class="page") { h1 { "System" } } }
}
