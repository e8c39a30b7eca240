//! Who is there: the sign-in page for whoever is not signed in, the shell with its pages for whoever is.

use chat_schema::Session;
use sycamore::prelude::*;

use crate::api::{self, Failure};
use crate::pages::sign_in::SignIn;
use crate::shell::Shell;
use crate::ui::notice::Notices;
use crate::ui::states::Problem;
use crate::ui::tasks::Tasks;

/// What is known about the session. A context of every component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account(Signal<Who>);

/// Who uses this page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    /// Not known yet.
    Asking,
    /// It cannot be found out.
    Unknown(Failure),
    /// Nobody, or nobody any more.
    Nobody {
        /// Whether there was a session before, on this page.
        ended: bool,
    },
    /// An operator.
    Operator(Session),
}

impl Account {
    /// Of an operator's page that the dashboard shows in itself; `told` hears who is there from then on.
    pub(crate) fn of_the_page(told: impl Fn(&Who) + 'static) -> Self {
        let who = create_signal(Who::Asking);
        create_effect(move || who.with(&told));
        Self(who)
    }

    /// The same in every component below [`App`].
    pub(crate) fn here() -> Self {
        use_context()
    }

    /// Tracked by whoever reads it.
    pub(crate) fn who(self) -> Who {
        self.0.get_clone()
    }

    /// There is a session now.
    pub(crate) fn signed_in(self, session: Session) {
        self.0.set(Who::Operator(session));
    }

    /// There is none any more.
    pub(crate) fn signed_out(self, ended: bool) {
        if !matches!(self.0.get_clone_untracked(), Who::Nobody { .. }) {
            self.0.set(Who::Nobody { ended });
        }
    }

    /// Passes a request's outcome on; an ended session shows the sign-in page.
    pub(crate) fn watch<T>(self, outcome: Result<T, Failure>) -> Result<T, Failure> {
        if matches!(outcome, Err(Failure::SignedOut)) {
            self.signed_out(true);
        }
        outcome
    }

    /// Asks the server who is there.
    pub(crate) async fn ask(self) {
        match api::get("/v1/admin/session").await {
            Ok(session) => self.signed_in(session),
            Err(Failure::SignedOut) => {
                let was_in = matches!(self.0.get_clone_untracked(), Who::Operator(_));
                self.signed_out(was_in);
            }
            Err(_) if matches!(self.0.get_clone_untracked(), Who::Operator(_)) => {}
            Err(failure) => self.0.set(Who::Unknown(failure)),
        }
    }
}

/// The whole dashboard.
#[component]
pub(crate) fn App() -> View {
    let account = Account(create_signal(Who::Asking));
    provide_context(account);
    provide_context(Notices::default());
    let tasks = Tasks::here();
    let ask = move || tasks.begin(account.ask());
    ask();
    // A new session of the same operator must not build all pages anew.
    let shown = create_selector(move || match account.who() {
        Who::Operator(_) => Shown::Shell,
        Who::Asking => Shown::Nothing,
        Who::Unknown(failure) => Shown::Problem(failure),
        Who::Nobody { ended } => Shown::SignIn { ended },
    });
    view! {
        (match shown.get_clone() {
            Shown::Shell => view! { Shell() },
            Shown::Nothing => view! {},
            Shown::Problem(failure) => view! { main(class="alone") { Problem(failure=failure, again=ask) } },
            Shown::SignIn { ended } => view! { SignIn(ended=ended) },
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Shown {
    Shell,
    Nothing,
    Problem(Failure),
    SignIn { ended: bool },
}
