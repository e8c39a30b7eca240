//! What a page shows while it has nothing to show: loading, failed, empty.

use sycamore::prelude::*;

use crate::api::Failure;

/// Something that is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fetched<T> {
    /// Not there yet.
    Loading,
    /// There.
    There(T),
    /// It did not come.
    Failed(Failure),
}

impl<T> Fetched<T> {
    /// What there is.
    pub(crate) fn there(&self) -> Option<&T> {
        match self {
            Self::There(value) => Some(value),
            Self::Loading | Self::Failed(_) => None,
        }
    }
}

impl<T> From<Result<T, Failure>> for Fetched<T> {
    fn from(result: Result<T, Failure>) -> Self {
        match result {
            Ok(value) => Self::There(value),
            Err(failure) => Self::Failed(failure),
        }
    }
}

/// Grey lines in place of what is being loaded.
#[component(inline_props)]
pub(crate) fn Skeleton(lines: usize) -> View {
    let lines: Vec<View> = (0..lines).map(|_| view! { div(class="skeleton-line") }).collect();
    view! {
        div(class="skeleton", role="status", aria-label="Loading") { (lines) }
    }
}

/// Says why there is nothing, with a button that tries again.
#[component(inline_props)]
pub(crate) fn Problem(failure: Failure, again: impl Fn() + 'static) -> View {
    let sentence = failure.sentence();
    view! {
        div(class="state", role="alert") {
            p { (sentence) }
            button(r#type="button", class="button", on:click=move |_| again()) { "Try again" }
        }
    }
}

/// Says that there is nothing, and what to do next.
#[component(inline_props)]
pub(crate) fn Empty(title: &'static str, children: Children) -> View {
    view! {
        div(class="state") {
            h2 { (title) }
            (children)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_what_is_wrong_and_offers_another_try() {
        let html = sycamore::render_to_string(|| view! { Problem(failure=Failure::Offline, again=|| {}) });
        assert!(html.contains("Couldn’t reach the server.") && html.contains("Try again"), "{html}");
        assert!(html.contains(r#"role="alert""#), "{html}");
    }
}
