//! The figures: big ones, and how they went.

use chat_schema::Statistics;
use serde::Deserialize;
use sycamore::prelude::*;

use crate::api;
use crate::app::Account;
use crate::changes::Changes;
use crate::ui::states::{Fetched, Problem, Skeleton};
use crate::ui::tasks::Tasks;
use crate::ui::theme::Theme;
use crate::ui::time;
use crate::ui::timer::Timer;

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;
/// Shortest time from one look to the next, in milliseconds.
const PAUSE_MS: i32 = 10_000;

/// How far apart the figures are: the parameter, a name, what a step of the statistics is, its length, how much is shown.
const STEPS: [(&str, &str, &str, u64, u64); 3] = [
    ("hour", "Hours", "hour", HOUR, 48 * HOUR),
    ("day", "Days", "day", DAY, 30 * DAY),
    ("week", "Weeks", "day", DAY, 182 * DAY),
];

/// The plots: parameter and heading.
const PLOTS: [(&str, &str); 6] = [
    ("conversations", "Conversations"),
    ("messages", "Messages"),
    ("failures", "Failed answers"),
    ("first-token", "Time to the first word"),
    ("answer-time", "Time to the last word"),
    ("tokens", "Tokens"),
];

/// A time that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Period {
    step: usize,
    from: u64,
    to: u64,
}

impl Period {
    /// The newest of a step, or one further `back`.
    fn of(step: usize, back: u64, now: u64) -> Self {
        let (_, _, _, length, span) = STEPS[step];
        let to = now.div_ceil(length) * length - back * span;
        Self { step, from: to - span, to }
    }

    fn before(self) -> Self {
        Self { from: self.from - (self.to - self.from), to: self.from, ..self }
    }

    fn statistics(self) -> String {
        format!("/v1/admin/statistics?by={}&from={}&to={}", STEPS[self.step].2, self.from, self.to)
    }

    fn chart(self, metric: &str, width: u32, offset: i32, theme: &str, look: u64) -> String {
        let Self { step, from, to } = self;
        let by = STEPS[step].0;
        format!(
            "/v1/admin/statistics/chart?metric={metric}&by={by}&from={from}&to={to}&width={width}&offset={offset}&theme={theme}&look={look}"
        )
    }
}

/// What of a period's total is compared.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Before {
    total: chat_schema::Figures,
}

/// The page.
#[component]
pub(crate) fn OverviewPage() -> View {
    let (account, tasks) = (Account::here(), Tasks::here());
    let (step, back, look) = (create_signal(1_usize), create_signal(0_u64), create_signal(0_u64));
    let period = create_selector(move || {
        look.track();
        Period::of(step.get(), back.get(), time::now())
    });
    let figures: Signal<Fetched<(Statistics, Before)>> = create_signal(Fetched::Loading);
    let read = move || {
        let period = period.get_untracked();
        tasks.begin(async move {
            let now = api::get(&period.statistics()).await;
            let before = api::get(&period.before().statistics()).await;
            let answer = account.watch(now.and_then(|now| before.map(|before| (now, before))));
            figures.set(answer.into());
        });
    };
    create_effect(move || {
        let _ = (period.track(), look.track());
        untrack(read);
    });
    look_again(look);
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
                    span(class="period small", aria-live="polite") { (range(period.get())) }
                    button(r#type="button", class="segment", aria-label="Later", disabled=back.get() == 0, on:click=move |_| back.set(back.get_untracked().saturating_sub(1))) { "›" }
                }
            }
            (match figures.get_clone() {
                Fetched::Loading => view! { Skeleton(lines=6) },
                Fetched::Failed(failure) => view! { Problem(failure=failure, again=read) },
                Fetched::There((now, before)) => view! { Figures(now=now, before=before, period=period, look=look.get()) },
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

fn range(period: Period) -> String {
    format!("{} – {}", time::date(period.from), time::date(period.to - 1))
}

#[component(inline_props)]
fn Figures(now: Statistics, before: Before, period: ReadSignal<Period>, look: u64) -> View {
    let (total, was) = (&now.total, &before.total);
    let failures = |figures: &chat_schema::Figures| figures.failures.values().sum::<u64>();
    let first = |figures: &chat_schema::Figures| figures.time_to_first_token.map_or(0, |durations| durations.p50);
    let tokens = |figures: &chat_schema::Figures| figures.prompt_tokens + figures.completion_tokens;
    let big = [
        ("Conversations", time::number(total.conversations), change(total.conversations, was.conversations)),
        ("Messages", time::number(total.messages), change(total.messages, was.messages)),
        ("Failed answers", time::number(failures(total)), change(failures(total), failures(was))),
        (
            "First word, usually after",
            if total.time_to_first_token.is_some() { time::duration(first(total)) } else { "–".into() },
            change(first(total), first(was)),
        ),
        ("Tokens", time::number(tokens(total)), change(tokens(total), tokens(was))),
    ];
    let big: Vec<View> = big
        .into_iter()
        .map(|(name, value, change)| view! { div(class="fact big") { dt { (name) } dd { (value) } dd(class="change small muted") { (change) } } })
        .collect();
    let empty = total.messages == 0;
    let plots: Vec<View> = PLOTS.into_iter().map(|(metric, heading)| plot(metric, heading, period, look)).collect();
    let plots = if empty {
        view! { p(class="state") { "Nothing happened in this time." } }
    } else {
        view! { div(class="plots") { (plots) } }
    };
    view! {
        dl(class="facts") { (big) }
        (plots)
        Table(statistics=now)
    }
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
fn plot(metric: &'static str, heading: &'static str, period: ReadSignal<Period>, look: u64) -> View {
    let offset = if is_ssr!() { 0 } else { -js_sys::Date::new_0().get_timezone_offset() as i32 };
    let address = move |theme: &str| period.get().chart(metric, 480, offset, theme, look);
    let theme = Theme::remembered();
    let alt = format!("{heading}, drawn; the figures are in the table below");
    let source = if theme == Theme::System {
        view! { source("media"="(prefers-color-scheme: dark)", "srcset"=address("dark")) }
    } else {
        view! {}
    };
    let own = if theme == Theme::Dark { "dark" } else { "light" };
    view! {
        figure(class="card plot") {
            figcaption { h2 { (heading) } }
            picture { (source) img(src=address(own), alt=alt, width="480", height="220") }
        }
    }
}

#[component(inline_props)]
fn Table(statistics: Statistics) -> View {
    let by_hour = statistics.to - statistics.from <= 3 * DAY;
    let rows: Vec<View> = statistics
        .steps
        .into_iter()
        .rev()
        .filter(|step| step.messages > 0 || !step.failures.is_empty())
        .map(|step| {
            let when = if by_hour { time::full(step.from) } else { time::date(step.from) };
            let failures = step.failures.values().sum::<u64>();
            let (first, all) = (median(step.time_to_first_token), median(step.answer_time));
            let cells = [
                time::number(step.conversations),
                time::number(step.messages),
                time::number(failures),
                first,
                all,
                time::number(step.prompt_tokens + step.completion_tokens),
            ];
            let cells: Vec<View> = cells.into_iter().map(|cell| view! { td { (cell) } }).collect();
            view! { tr { th(scope="row") { (when) } (cells) } }
        })
        .collect();
    let heads = ["From", "Conversations", "Messages", "Failed", "First word", "Last word", "Tokens"];
    let heads: Vec<View> = heads.into_iter().map(|head| view! { th(scope="col") { (head) } }).collect();
    view! {
        details(class="figures") {
            summary { "The figures as a table" }
            div(class="table-scroll", tabindex="0", role="region", aria-label="Figures") {
                table { thead { tr { (heads) } } tbody { (rows) } }
            }
        }
    }
}

fn median(durations: Option<chat_schema::Durations>) -> String {
    durations.map_or("–".into(), |durations| time::duration(durations.p50))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_ends_with_the_running_step_and_the_one_before_ends_where_it_begins() {
        let now = 100 * DAY + 1;
        let period = Period::of(1, 0, now);
        assert_eq!((period.from, period.to), (71 * DAY, 101 * DAY));
        assert_eq!(period.before(), Period::of(1, 1, now));
    }

    #[test]
    fn change_is_told_in_percent() {
        assert_eq!(change(150, 100), "+50 % to the period before");
        assert_eq!(change(50, 100), "−50 % to the period before");
        assert_eq!(change(5, 0), "none before");
    }
}
