//! One message.

use chat_schema::{Message, MessageStatus, Rating, Role};
use sycamore::prelude::*;

use super::store::Conversation;
use crate::ui::copy::CopyButton;
use crate::ui::icons::{Icon, Name};
use crate::ui::markdown::Markdown;
use crate::ui::time;

/// A message with its time and what became of it; above the first of a day, the day.
pub(super) fn message_view(message: Message, begins_a_day: bool, conversation: Conversation) -> View {
    let Message { id, role, content, created_at, status, rating, .. } = message;
    let (class, who) = match role {
        Role::User => ("message user", "Visitor"),
        Role::Assistant => ("message assistant", "Assistant"),
    };
    let text = content.clone();
    let detail = create_selector(move || conversation.details.with(|details| details.get(id).map(str::to_owned)));
    let about = move || {
        detail.get_clone().filter(|_| role == Role::Assistant).map_or(String::new(), |detail| format!(" · {detail}"))
    };
    let outcome = move || match state(status, detail.get_clone()) {
        Some(state) => view! { p(class="outcome small") { Icon(name=Name::Warning) span { (state) } } },
        None => view! {},
    };
    let (iso, full, brief) = (time::iso(created_at), time::full(created_at), time::time_of_day(created_at));
    let (body, rated) = (body(role, content), rated(rating));
    let day = if begins_a_day { time::date(created_at) } else { String::new() };
    view! {
        (if begins_a_day { view! { p(class="day small muted") { (day) } } } else { view! {} })
        article(class=class) {
            h3(class="visually-hidden") { (who) }
            (body)
            p(class="meta small muted") {
                time(datetime=iso, title=full) { (brief) }
                span { (about()) }
                (rated)
                CopyButton(label="Copy this message", text=move || text.clone())
            }
            (outcome())
        }
    }
}

/// Visitors see their own words as they typed them, and so do operators.
fn body(role: Role, content: String) -> View {
    match role {
        Role::User => view! { div(class="markdown plain", dir="auto") { (content) } },
        Role::Assistant => view! { Markdown(text=content) },
    }
}

fn state(status: MessageStatus, reason: Option<String>) -> Option<String> {
    match status {
        MessageStatus::Complete => None,
        MessageStatus::Stopped => Some("The visitor stopped this answer.".into()),
        MessageStatus::Failed => Some(match reason {
            Some(reason) => format!("No answer: {reason}."),
            None => "No answer: the last attempt failed.".into(),
        }),
    }
}

fn rated(rating: Option<Rating>) -> View {
    match rating {
        Some(Rating::Up) => view! { span(class="good") { " · found helpful" } },
        Some(Rating::Down) => view! { span(class="bad") { " · found not helpful" } },
        None => view! {},
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_why_as_soon_as_that_is_known() {
        assert_eq!(state(MessageStatus::Complete, Some("x".into())), None);
        assert_eq!(state(MessageStatus::Failed, None).unwrap(), "No answer: the last attempt failed.");
        assert_eq!(state(MessageStatus::Failed, Some("it rained".into())).unwrap(), "No answer: it rained.");
    }
}
