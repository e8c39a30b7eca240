//! The figures: big ones, and how they went.

mod period;

use chat_schema::Statistics;
use serde::Deserialize;
use sycamore::prelude::*;

use self::period::{Period, STEPS};
use crate::api::{self, Failure};
use crate::app::Account;
use crate::changes::Changes;
use crate::ui::states::{Problem, Skeleton};
use crate::ui::tasks::Tasks;
use crate::ui::theme::Theme;
use crate::ui::time;
use crate::ui::timer::Timer;

/// Shortest time from one look to the next, in milliseconds.
const PAUSE_MS: i32 = 10_000;

/// Pixels up to which a window has room for one plot in a row; the same in `shell.css`.
const NARROW: f64 = 720.0;

/// The plots: parameter and heading.
const PLOTS: [(&str, &str); 6] = [
    ("conversations", "Conversations"),
    ("messages", "Messages"),
    ("failures", "Failed answers"),
    ("first-token", "Time to the first word"),
    ("answer-time", "Time to the last word"),
    ("tokens", "Tokens"),
];

/// What of a period's total is compared.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Before {
    total: chat_schema::Figures,
}

/// What is shown, all of one look.
#[derive(Debug, Clone, PartialEq)]
struct Answer {
    period: Period,
    look: u64,
    now: Statistics,
    before: Before,
}

#[derive(Clone, PartialEq, Eq)]
enum Shown {
    Loading,
    Problem(Failure),
    Figures,
}

/// The page.
#[component]
pub(crate) fn OverviewPage() -> View {
    let (account, tasks) = (Account::here(), Tasks::here());
    let (step, back, look) = (create_signal(1_usize), create_signal(0_u64), create_signal(0_u64));
    let period = create_selector(move || {
        look.track();
        Period::of(step.get(), back.get(), time::now(), time::ahead())
    });
    let (answer, failure) = (create_signal(None::<Answer>), create_signal(None::<Failure>));
    // Answers of an older question are dropped.
    let question = create_signal(0_u64);
    let read = move || {
        let (period, look) = (period.get_untracked(), look.get_untracked());
        let asked = question.get_untracked() + 1;
        question.set(asked);
        tasks.begin(async move {
            let now = api::get(&period.statistics()).await;
            let before = api::get(&period.before().statistics()).await;
            let read = account.watch(now.and_then(|now| before.map(|before| Answer { period, look, now, before })));
            if question.get_untracked() == asked {
                batch(|| match read {
                    Ok(read) => {
                        failure.set(None);
                        answer.set(Some(read));
                    }
                    // What is shown stays when a later look at the same time fails.
                    Err(_)
                        if answer
                            .with_untracked(|shown| shown.as_ref().is_some_and(|shown| shown.period == period)) => {}
                    Err(reason) => failure.set(Some(reason)),
                });
            }
        });
    };
    create_effect(move || {
        let _ = (period.track(), look.track());
        untrack(read);
    });
    look_again(look);
    let shown = create_selector(move || match failure.get_clone() {
        Some(failure) => Shown::Problem(failure),
        None if answer.with(Option::is_none) => Shown::Loading,
        None => Shown::Figures,
    });
    let choices: Vec<View> = (0..STEPS.len())
        .map(|own| {
            let choose = move |_| batch(|| { step.set(own); back.set(0); });
            view! { button(r#type="button", class="segment", aria-pressed=move || if step.get() == own { "true" } else { "false" }, on:click=choose) { (STEPS[own].1) } }
        })
        .collect();
    view! {
        section(class="page") {
            div(class="overview-header") {
                h1 { "Overview" }
                div(class="segments", role="group", aria-label="Step") { (choices) }
                div(class="segments", role="group", aria-label="Period") {
                    button(r#type="button", class="segment", aria-label="Earlier", on:click=move |_| back.set(back.get_untracked() + 1)) { "‹" }
                    span(class="period small", aria-live="polite") { (period.get().sentence()) }
                    button(r#type="button", class="segment", aria-label="Later", disabled=back.get() == 0, on:click=move |_| back.set(back.get_untracked().saturating_sub(1))) { "›" }
                }
            }
            (match shown.get_clone() {
                Shown::Loading => view! { Skeleton(lines=6) },
                Shown::Problem(failure) => view! { Problem(failure=failure, again=read) },
                Shown::Figures => view! { Figures(answer=*answer) },
            })
        }
    }
}

/// After news, and not more often than every few seconds.
fn look_again(look: Signal<u64>) {
    let waiting: Signal<Option<Timer>> = create_signal(None);
    Changes::on_change(move |_| {
        if waiting.with_untracked(Option::is_none) {
            waiting.set_silent(Some(Timer::after(PAUSE_MS, move || {
                waiting.set_silent(None);
                look.set(look.get_untracked() + 1);
            })));
        }
    });
}

/// What stands there stays there when the figures change: pictures do not flicker, and an open table stays open.
#[component(inline_props)]
fn Figures(answer: ReadSignal<Option<Answer>>) -> View {
    let is_empty = create_selector(move || {
        answer.with(|answer| answer.as_ref().is_none_or(|answer| answer.now.total.messages == 0))
    });
    view! {
        dl(class="facts") { (answer.with(|answer| answer.as_ref().map_or(Vec::new(), facts))) }
        (if is_empty.get() {
            view! { p(class="state") { "Nothing happened in this time." } }
        } else {
            let plots: Vec<View> = PLOTS.into_iter().map(|(metric, heading)| plot(metric, heading, answer)).collect();
            view! { div(class="plots") { (plots) } }
        })
        Table(answer=answer)
    }
}

fn facts(Answer { now, before, .. }: &Answer) -> Vec<View> {
    let (total, was) = (&now.total, &before.total);
    let failures = |figures: &chat_schema::Figures| figures.failures.values().sum::<u64>();
    let first = |figures: &chat_schema::Figures| figures.time_to_first_token.map_or(0, |durations| durations.p50);
    let tokens = |figures: &chat_schema::Figures| figures.prompt_tokens + figures.completion_tokens;
    let facts = [
        ("Conversations", time::number(total.conversations), change(total.conversations, was.conversations)),
        ("Messages", time::number(total.messages), change(total.messages, was.messages)),
        ("Failed answers", time::number(failures(total)), change(failures(total), failures(was))),
        ("First word, usually after", median(total.time_to_first_token), change(first(total), first(was))),
        ("Tokens", time::number(tokens(total)), change(tokens(total), tokens(was))),
    ];
    facts
        .into_iter()
        .map(|(name, value, change)| view! { div(class="fact big") { dt { (name) } dd { (value) } dd(class="change small muted") { (change) } } })
        .collect()
}

/// How much more or less it is than in the period before.
fn change(now: u64, before: u64) -> String {
    match (now, before) {
        (_, 0) => "none before".into(),
        (now, before) if now >= before => format!("+{} % to the period before", (now - before) * 100 / before),
        (now, before) => format!("−{} % to the period before", (before - now) * 100 / before),
    }
}

/// Drawn by the server, for both appearances where the system chooses.
fn plot(metric: &'static str, heading: &'static str, answer: ReadSignal<Option<Answer>>) -> View {
    let width = width();
    let address = move |theme: &str| {
        answer.with(|answer| answer.as_ref().map(|answer| answer.period.chart(metric, width, theme, answer.look)))
    };
    let theme = Theme::remembered();
    let alt = format!("{heading}, drawn; the figures are in the table below");
    let source = if theme == Theme::System {
        view! { source("media"="(prefers-color-scheme: dark)", "srcset"=move || address("dark")) }
    } else {
        view! {}
    };
    let own = if theme == Theme::Dark { "dark" } else { "light" };
    view! {
        figure(class="card plot") {
            figcaption { h2 { (heading) } }
            picture { (source) img(src=move || address(own), alt=alt, width=width.to_string(), height="220") }
        }
    }
}

/// On a phone narrower, so that its letters are not shrunk beyond reading.
fn width() -> u32 {
    let seen = if is_ssr!() { None } else { window().inner_width().ok().and_then(|width| width.as_f64()) };
    if seen.is_some_and(|seen| seen <= NARROW) { 300 } else { 480 }
}

#[component(inline_props)]
fn Table(answer: ReadSignal<Option<Answer>>) -> View {
    let heads = ["From", "Conversations", "Messages", "Failed", "First word", "Last word", "Tokens"];
    let heads: Vec<View> = heads.into_iter().map(|head| view! { th(scope="col") { (head) } }).collect();
    view! {
        details(class="figures") {
            summary { "The figures as a table" }
            div(class="table-scroll", tabindex="0", role="region", aria-label="Figures") {
                table { thead { tr { (heads) } } tbody { (answer.with(|answer| answer.as_ref().map_or(Vec::new(), rows))) } }
            }
        }
    }
}

/// The steps in which something happened, newest first.
fn rows(Answer { now, period, .. }: &Answer) -> Vec<View> {
    let happened = now.steps.iter().rev().filter(|step| step.messages > 0 || !step.failures.is_empty());
    let row = |step: &chat_schema::Figures| {
        let cells = [
            time::number(step.conversations),
            time::number(step.messages),
            time::number(step.failures.values().sum::<u64>()),
            median(step.time_to_first_token),
            median(step.answer_time),
            time::number(step.prompt_tokens + step.completion_tokens),
        ];
        let cells: Vec<View> = cells.into_iter().map(|cell| view! { td { (cell) } }).collect();
        let when = period.name_of(step.from);
        view! { tr { th(scope="row") { (when) } (cells) } }
    };
    happened.map(row).collect()
}

fn median(durations: Option<chat_schema::Durations>) -> String {
    durations.map_or("–".into(), |durations| time::duration(durations.p50))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn change_is_told_in_percent() {
        assert_eq!(change(150, 100), "+50 % to the period before");
        assert_eq!(change(50, 100), "−50 % to the period before");
        assert_eq!(change(5, 0), "none before");
    }
}
