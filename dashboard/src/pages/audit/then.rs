//! The thread as it was after any event.

use chat_schema::{ConversationId, Message, Role, StoredEvent, Thread};
use serde::Deserialize;
use sycamore::prelude::*;

use super::chain::plain;
use crate::api::{self, Failure};
use crate::app::Account;
use crate::ui::states::{Fetched, Problem, Skeleton};
use crate::ui::tasks::Tasks;
use crate::ui::time;
use crate::ui::timer::Timer;

/// Pause after the slider's last move before the thread is asked for, in milliseconds.
const PAUSE_MS: i32 = 120;

#[derive(Deserialize)]
struct AsItWas {
    thread: Option<Thread>,
}

/// Messages shown; there may be thousands.
const SHOWN: usize = 100;

/// An event's version, and how the slider names it.
fn step(event: &StoredEvent) -> (u64, String) {
    let at = event.recorded_at.map_or(String::new(), time::full);
    (event.version.unwrap_or(0), format!("{}, {at}", plain(event.event_type.as_deref())))
}

/// The slider, and what it shows. At the end it stays at the end.
#[component(inline_props)]
pub(super) fn Then(id: ConversationId, events: ReadSignal<Vec<StoredEvent>>) -> View {
    let (account, tasks) = (Account::here(), Tasks::here());
    let last = create_selector(move || events.with(Vec::len).saturating_sub(1));
    let (place, thread) = (create_signal(last.get_untracked().to_string()), create_signal(Fetched::Loading));
    let (waiting, question): (Signal<Option<Timer>>, Signal<u64>) = (create_signal(None), create_signal(0));
    stay_at_the_end(place, last);
    let current = create_selector(move || {
        let at = place.get_clone().parse::<usize>().unwrap_or(usize::MAX).min(last.get());
        events.with(|events| events.get(at).map(step).unwrap_or_default())
    });
    let read = move || {
        let version = current.get_clone_untracked().0;
        question.set(question.get_untracked() + 1);
        let asked = question.get_untracked();
        tasks.begin(async move {
            let address = format!("/v1/admin/conversations/{id}/events?at={version}");
            let answer = account.watch(api::get::<AsItWas>(&address).await);
            if question.get_untracked() == asked {
                thread.set(answer.map(|answer| answer.thread.map_or(Vec::new(), |thread| thread.messages)).into());
            }
        });
    };
    let mut first = true;
    create_effect(move || {
        current.track();
        let pause = if std::mem::replace(&mut first, false) { 0 } else { PAUSE_MS };
        waiting.set_silent(Some(Timer::after(pause, read)));
    });
    view! {
        div(class="then") {
            h2 { "As it was" }
            label(r#for="at") { "After event " (current.with(|(version, _)| version.to_string())) }
            input(id="at", r#type="range", min="0", max=move || last.get().to_string(), aria-valuetext=move || current.with(|(version, name)| format!("Event {version}: {name}")), bind:value=place)
            p(class="small muted", aria-live="polite") { (current.with(|(_, name)| name.clone())) }
            (match thread.get_clone() {
                Fetched::Loading => view! { Skeleton(lines=4) },
                Fetched::Failed(Failure::NotFound) => view! { p(class="muted") { "There was nothing." } },
                Fetched::Failed(failure) => view! { Problem(failure=failure, again=read) },
                Fetched::There(messages) if messages.is_empty() => view! { p(class="muted") { "No messages." } },
                Fetched::There(messages) => view! { Messages(messages=messages) },
            })
        }
    }
}

fn stay_at_the_end(place: Signal<String>, last: ReadSignal<usize>) {
    let moving: Signal<Option<Timer>> = create_signal(None);
    let mut before = last.get_untracked();
    create_effect(move || {
        let end = last.get();
        let was_at_end = place.get_clone_untracked().parse() == Ok(before);
        before = end;
        if was_at_end && is_not_ssr!() {
            // Once the slider reaches that far.
            moving.set_silent(Some(Timer::after(0, move || place.set(end.to_string()))));
        }
    });
}

#[component(inline_props)]
fn Messages(messages: Vec<Message>) -> View {
    let earlier = messages.len().saturating_sub(SHOWN);
    let messages: Vec<View> = messages
        .into_iter()
        .skip(earlier)
        .map(|Message { role, content, .. }| {
            let (class, who) = if role == Role::User { ("message user", "Visitor") } else { ("message assistant", "Assistant") };
            view! { li(class=class) { span(class="small muted") { (who) } div(class="markdown plain", dir="auto") { (content) } } }
        })
        .collect();
    view! {
        (match earlier {
            0 => view! {},
            earlier => view! { p(class="muted small") { "Before these came " (time::number(earlier as u64)) " more. They are in the export." } },
        })
        ol(class="was") { (messages) }
    }
}
