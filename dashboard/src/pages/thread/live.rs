//! The answer that is being written.

use chat_schema::{Message, Role};
use sycamore::prelude::*;

use super::store::Conversation;
use crate::feed::Token;
use crate::ui::markdown::Writer;

/// As far as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Running {
    message: String,
    text: String,
}

impl Running {
    /// Takes in a piece. The first piece of another message begins anew.
    pub(super) fn hear(running: &mut Option<Self>, token: Token) {
        match running {
            Some(known) if known.message == token.message_id => known.text.push_str(&token.token),
            _ => *running = Some(Self { message: token.message_id, text: token.token }),
        }
    }

    /// Whether the thread has the whole of it by now, or the end it came to.
    pub(super) fn is_answered_by(&self, messages: &[Message]) -> bool {
        messages.last().is_some_and(|last| match last.role {
            Role::Assistant => last.content.starts_with(self.text.as_str()),
            Role::User => last.status == chat_schema::MessageStatus::Failed,
        })
    }
}

/// The bubble of the running answer.
#[component(inline_props)]
pub(super) fn Live(conversation: Conversation) -> View {
    let message = create_selector(move || {
        conversation.running.with(|running| running.as_ref().map(|running| running.message.clone()))
    });
    view! {
        (match message.get_clone() {
            Some(_) => view! { Bubble(conversation=conversation) },
            None => view! {},
        })
    }
}

/// Draws what comes, and nothing of it twice.
#[component(inline_props)]
fn Bubble(conversation: Conversation) -> View {
    let element = create_node_ref();
    let view = view! {
        article(class="message assistant live", aria-busy="true") {
            h3(class="visually-hidden") { "Assistant, still writing" }
            div(class="markdown", dir="auto", r#ref=element)
            p(class="meta small muted") { span(class="typing", aria-hidden="true") " writing…" }
        }
    };
    let (writer, mut drawn) = (Writer::into(element), 0);
    create_effect(move || {
        conversation.running.with(|running| {
            let text = running.as_ref().map_or("", |running| running.text.as_str());
            writer.write(text.get(drawn..).unwrap_or_default());
            drawn = text.len();
        });
    });
    view
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(message: &str, text: &str) -> Token {
        let conversation_id = "c87e3f36-4c7e-5484-a7f1-1215db19dec7".parse().unwrap();
        Token { conversation_id, message_id: message.into(), token: text.into() }
    }

    #[test]
    fn pieces_of_one_answer_are_joined_and_another_begins_anew() {
        let mut running = None;
        Running::hear(&mut running, token("1", "half "));
        Running::hear(&mut running, token("1", "done"));
        assert_eq!(running.as_ref().unwrap().text, "half done");
        Running::hear(&mut running, token("2", "next"));
        assert_eq!(running.unwrap().text, "next");
    }
}
