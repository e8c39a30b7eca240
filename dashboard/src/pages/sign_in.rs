//! The sign-in page.

use chat_schema::{Session, SignIn as Request};
use sycamore::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::api::{self, Failure};
use crate::app::Account;
use crate::ui::tasks::Tasks;

/// Asks for the password. `ended`: there was a session before.
#[component(inline_props)]
pub(crate) fn SignIn(ended: bool) -> View {
    let (account, tasks) = (Account::here(), Tasks::here());
    let (password, busy) = (create_signal(String::new()), create_signal(false));
    let problem = create_signal(ended.then(|| "Your session has ended. Sign in again to go on.".to_owned()));
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        tasks.begin(async move {
            let body = Request { password: password.get_clone_untracked() };
            match api::post::<Session>("/v1/admin/session", &body).await {
                Ok(session) => account.signed_in(session),
                Err(failure) => {
                    problem.set(Some(sentence(&failure)));
                    busy.set(false);
                }
            }
        });
    };
    let field = create_node_ref();
    on_mount(move || {
        document().set_title("Sign in · Open Chat");
        if let Some(field) = field.try_get().and_then(|node| node.dyn_into::<HtmlElement>().ok()) {
            let _ = field.focus();
        }
    });
    view! {
        main(class="alone") {
            form(class="sign-in", on:submit=submit) {
                h1 { "Open Chat" }
                // For password managers; there is one account.
                input(class="visually-hidden", r#type="text", name="username", autocomplete="username", value="operator", "tabindex"="-1", aria-hidden="true", readonly=true)
                label(r#for="password") { "Password" }
                input(
                    r#ref=field, id="password", r#type="password", autocomplete="current-password", required=true,
                    aria-describedby="problem", bind:value=password,
                )
                p(id="problem", class="problem", role="alert") { (problem.get_clone().unwrap_or_default()) }
                button(r#type="submit", class="button primary", disabled=busy.get()) {
                    (if busy.get() { "Signing in…" } else { "Sign in" })
                }
            }
        }
    }
}

fn sentence(failure: &Failure) -> String {
    match failure {
        Failure::SignedOut => "That is not the password.".into(),
        Failure::Refused { status: 429, retry_after, .. } => match retry_after {
            Some(seconds) => format!("Too many attempts. Try again in {} min.", seconds.div_ceil(60)),
            None => "Too many attempts. Try again later.".into(),
        },
        other => other.sentence(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_password_and_too_many_attempts_are_said_plainly() {
        assert_eq!(sentence(&Failure::SignedOut), "That is not the password.");
        let limited =
            Failure::Refused { status: 429, code: String::new(), message: String::new(), retry_after: Some(61) };
        assert_eq!(sentence(&limited), "Too many attempts. Try again in 2 min.");
    }
}
