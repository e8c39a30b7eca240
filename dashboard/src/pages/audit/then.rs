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

/// An event as the slider names it; `None` if it cannot be read.
pub(super) fn step(event: &StoredEvent) -> Option<(u64, String)> {
    let at = event.recorded_at.map_or(String::new(), time::full);
    Some((event.version?, format!("{}, {at}", plain(event.event_type.as_deref()))))
}

/// The slider, and what it shows. `versions` are the events in their order, as [`step`] names them.
#[component(inline_props)]
pub(super) fn Then(id: ConversationId, versions: Vec<(u64, String)>) -> View {
    let (account, tasks) = (Account::here(), Tasks::here());
    let last = versions.len().saturating_sub(1);
    let (place, thread) = (create_signal(last.to_string()), create_signal(Fetched::Loading));
    let (waiting, question): (Signal<Option<Timer>>, Signal<u64>) = (create_signal(None), create_signal(0));
    let names: Vec<(u64, String)> = versions.clone();
    let current = create_selector(move || {
        names.get(place.get_clone().parse::<usize>().unwrap_or(last)).cloned().unwrap_or_default()
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
            input(id="at", r#type="range", min="0", max=last.to_string(), aria-valuetext=move || current.with(|(version, name)| format!("Event {version}: {name}")), bind:value=place)
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

#[component(inline_props)]
fn Messages(messages: Vec<Message>) -> View {
    let messages: Vec<View> = messages
        .into_iter()
        .map(|Message { role, content, .. }| {
            let (class, who) = if role == Role::User { ("message user", "Visitor") } else { ("message assistant", "Assistant") };
            view! { li(class=class) { span(class="small muted") { (who) } div(class="markdown plain", dir="auto") { (content) } } }
        })
        .collect();
    view! { ol(class="was") { (messages) } }
}
