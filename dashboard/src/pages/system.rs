//! The state of the server.

use chat_schema::{System, SystemSetting};
use sycamore::prelude::*;

use crate::api;
use crate::app::Account;
use crate::changes::Changes;
use crate::ui::states::{Fetched, Problem, Skeleton};
use crate::ui::tasks::Tasks;
use crate::ui::theme::Theme;
use crate::ui::time;
use crate::ui::timer::Timer;

/// Shortest time from one look to the next, in milliseconds.
const PAUSE_MS: i32 = 5_000;

/// The page.
#[component]
pub(crate) fn SystemPage() -> View {
    let (account, tasks) = (Account::here(), Tasks::here());
    let system: Signal<Fetched<System>> = create_signal(Fetched::Loading);
    let look = move || {
        tasks.begin(async move {
            let answer = account.watch(api::get("/v1/admin/system").await);
            // What is shown stays when a later look fails; the bar above says that the connection is lost.
            if answer.is_ok() || system.with_untracked(|system| system.there().is_none()) {
                system.set(answer.into());
            }
        });
    };
    look();
    look_when_something_happens(look);
    view! {
        section(class="page") {
            h1 { "System" }
            (match system.get_clone() {
                Fetched::Loading => view! { Skeleton(lines=8) },
                Fetched::Failed(failure) => view! { Problem(failure=failure, again=look) },
                Fetched::There(system) => view! { State(system=system) },
            })
            Appearance()
        }
    }
}

/// Looks again after news, and not more often than every few seconds.
fn look_when_something_happens(look: impl Fn() + Copy + 'static) {
    let waiting: Signal<Option<Timer>> = create_signal(None);
    Changes::on_change(move |_| {
        if waiting.with_untracked(Option::is_none) {
            waiting.set_silent(Some(Timer::after(PAUSE_MS, move || {
                look();
                waiting.set_silent(None);
            })));
        }
    });
}

#[component(inline_props)]
fn State(system: System) -> View {
    let System { log, projections, replies, assistant, .. } = &system;
    let end = log.end.map_or("unknown".to_owned(), time::number);
    let lag = projections.lag.map_or("unknown".to_owned(), time::number);
    let model = assistant.model.clone().map_or(String::new(), |model| format!(" · {model}"));
    let facts = [
        ("Event log", format!("{} · {}", log.state, log.kind), log.state == "available"),
        ("Last event", end, true),
        ("Read models", projections.state.clone(), projections.state == "live"),
        ("Events behind", lag, projections.lag == Some(0)),
        ("Answers being written", time::number(replies.running), true),
        ("Answers left to another server", time::number(replies.cancelled), true),
        ("Open live feeds", time::number(system.feeds), true),
        ("Assistant", format!("{}{model}", assistant.kind), true),
        ("Version", format!("{} · {}", system.version, system.environment), true),
        ("Running since", time::full(system.started_at), true),
    ];
    let facts: Vec<View> = facts
        .into_iter()
        .map(|(name, value, is_good)| {
            let class = if is_good { "" } else { "warn" };
            view! { div(class="fact") { dt { (name) } dd(class=class) { (value) } } }
        })
        .collect();
    let reason = projections.reason.clone();
    let warnings: Vec<View> = system.warnings.iter().cloned().map(|warning| view! { li { (warning) } }).collect();
    let warnings = if warnings.is_empty() {
        view! {}
    } else {
        view! { h2 { "Warnings" } ul { (warnings) } }
    };
    let rows: Vec<View> = system.configuration.into_iter().map(setting).collect();
    view! {
        (match &reason {
            Some(reason) => {
                let reason = reason.clone();
                view! { p(class="card bad", role="alert") { "The read models stopped: " (reason) } }
            }
            None => view! {},
        })
        dl(class="facts") { (facts) }
        (warnings)
        h2 { "Configuration" }
        div(class="table-scroll", tabindex="0", role="region", aria-label="Configuration") {
            table {
                thead { tr { th(scope="col") { "Variable" } th(scope="col") { "Value" } th(scope="col") { "From" } } }
                tbody { (rows) }
            }
        }
    }
}

fn setting(setting: SystemSetting) -> View {
    let SystemSetting { name, value, source } = setting;
    view! { tr { th(scope="row") { code { (name) } } td(class="value") { (value) } td(class="muted") { (source) } } }
}

#[component]
fn Appearance() -> View {
    let chosen = create_signal(Theme::remembered());
    let choices: Vec<View> = Theme::ALL
        .into_iter()
        .map(|theme| {
            let choose = move |_| {
                chosen.set(theme);
                theme.choose();
            };
            view! {
                label(class="choice") {
                    input(r#type="radio", name="theme", value=theme.name(), prop:checked=chosen.get() == theme, on:change=choose)
                    (theme.label())
                }
            }
        })
        .collect();
    view! {
        fieldset(class="appearance") {
            legend { "Appearance" }
            (choices)
        }
    }
}
