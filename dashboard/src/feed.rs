//! The live feed: one event source for all pages, which tells what changed and, of one conversation, the words of a running answer.
//!
//! It goes on where it ended, by the id of the last event, so that nothing is missed. While the page is hidden it rests: browsers
//! allow few connections to one server, and an operator has many tabs.

use chat_schema::{ConversationId, Summary};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sycamore::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{EventSource, MessageEvent, VisibilityState};

use crate::app::Account;
use crate::ui::tasks::Tasks;
use crate::ui::timer::Timer;

/// Pause before a feed that the browser gave up is opened again, in milliseconds.
const PAUSE_MS: i32 = 2_000;

/// A piece of a running answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Token {
    /// Of this conversation.
    pub(crate) conversation_id: ConversationId,
    /// `messageId` of the message that is being answered.
    pub(crate) message_id: String,
    /// The next words.
    pub(crate) token: String,
}

#[derive(Deserialize)]
struct Erased {
    #[serde(rename = "_id")]
    id: ConversationId,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// The feed stands: whatever changes from here on will be told. `resumed`: nothing was missed since it stood before.
    Opened {
        /// Whether it goes on where it ended.
        resumed: bool,
    },
    /// A conversation is new or changed.
    Changed(Box<Summary>),
    /// A conversation was erased.
    Erased(ConversationId),
    /// An answer goes on.
    Token(Token),
}

/// Whether news come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Connection {
    /// Not yet.
    Opening,
    /// They do.
    Live,
    /// They did, and will again.
    Lost,
}

/// The feed. A context of every page.
#[derive(Clone, Copy)]
pub(crate) struct Feed {
    /// The newest; every change of it is one piece of news.
    pub(crate) news: Signal<Option<News>>,
    /// Whether they come.
    pub(crate) connection: Signal<Connection>,
    watched: Signal<Option<ConversationId>>,
    seen: Signal<Option<String>>,
    source: Signal<Option<Source>>,
    tasks: Tasks,
}

impl Feed {
    /// Opens it; it is closed with the scope this is called in.
    pub(crate) fn open() -> Self {
        let feed = Self {
            news: create_signal(None),
            connection: create_signal(Connection::Opening),
            watched: create_signal(None),
            seen: create_signal(None),
            source: create_signal(None),
            tasks: Tasks::here(),
        };
        create_effect(move || feed.connect(feed.watched.get()));
        let hidden = Closure::<dyn FnMut()>::new(move || feed.tasks.run(|| feed.rest_while_hidden()));
        let _ = document().add_event_listener_with_callback("visibilitychange", hidden.as_ref().unchecked_ref());
        on_cleanup(move || {
            let _ = document().remove_event_listener_with_callback("visibilitychange", hidden.as_ref().unchecked_ref());
            feed.source.set_silent(None);
        });
        feed
    }

    /// Also brings the running answers of this conversation from now on, and of no other.
    pub(crate) fn watch(self, conversation: ConversationId) {
        if self.watched.get_untracked() != Some(conversation) {
            self.watched.set(Some(conversation));
        }
    }

    fn connect(self, watched: Option<ConversationId>) {
        let address = address(watched, self.seen.get_clone_untracked().as_deref());
        self.source.set_silent(None);
        self.source.set_silent(Source::open(&address, self));
    }

    fn rest_while_hidden(self) {
        if document().visibility_state() == VisibilityState::Hidden {
            self.source.set_silent(None);
        } else if self.source.with_untracked(Option::is_none) {
            self.connect(self.watched.get_untracked());
        }
    }

    fn tell(self, news: News) {
        self.news.set(Some(news));
    }

    fn note(self, event: &MessageEvent) {
        let id = event.last_event_id();
        if !id.is_empty() {
            self.seen.set_silent(Some(id));
        }
    }

    fn lost(self, given_up: bool) {
        self.connection.set(Connection::Lost);
        if given_up {
            // Refused, perhaps for want of a session: that shows the sign-in page.
            self.source.set_silent(None);
            let account = Account::here();
            self.tasks.begin(async move {
                account.ask().await;
                Timer::wait(PAUSE_MS).await;
                self.rest_while_hidden();
            });
        }
    }
}

/// Where the feed is read.
fn address(watched: Option<ConversationId>, seen: Option<&str>) -> String {
    let watched = watched.map(|id| format!("conversation={id}"));
    let seen = seen.map(|seen| format!("after={seen}"));
    let query: Vec<String> = [watched, seen].into_iter().flatten().collect();
    format!("/v1/admin/events?{}", query.join("&"))
}

/// An open event source with what listens to it; dropped, it is closed.
struct Source {
    source: EventSource,
    _listeners: Vec<Closure<dyn FnMut(MessageEvent)>>,
}

impl Source {
    fn open(address: &str, feed: Feed) -> Option<Self> {
        let source = EventSource::new(address).ok()?;
        let mut listeners = Vec::new();
        let mut on = |name: &str, mut heard: Box<dyn FnMut(MessageEvent)>| {
            let listener = Closure::<dyn FnMut(MessageEvent)>::new(move |event| feed.tasks.run(|| heard(event)));
            let _ = source.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
            listeners.push(listener);
        };
        on(
            "opened",
            Box::new(move |event| {
                // From somewhere else, on a log that is not the one it was.
                let resumed = feed.seen.with_untracked(|seen| seen.as_ref() == Some(&event.last_event_id()));
                feed.note(&event);
                feed.connection.set(Connection::Live);
                feed.tell(News::Opened { resumed });
            }),
        );
        on(
            "conversation",
            Box::new(move |event| {
                feed.note(&event);
                if let Some(summary) = data(&event) {
                    feed.tell(News::Changed(Box::new(summary)));
                }
            }),
        );
        on(
            "erased",
            Box::new(move |event| {
                feed.note(&event);
                if let Some(Erased { id }) = data(&event) {
                    feed.tell(News::Erased(id));
                }
            }),
        );
        on(
            "token",
            Box::new(move |event| {
                if let Some(token) = data(&event) {
                    feed.tell(News::Token(token));
                }
            }),
        );
        let failed = source.clone();
        on("error", Box::new(move |_| feed.lost(failed.ready_state() == EventSource::CLOSED)));
        Some(Self { source, _listeners: listeners })
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.source.close();
    }
}

fn data<T: DeserializeOwned>(event: &MessageEvent) -> Option<T> {
    serde_json::from_str(&event.data().as_string()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_says_what_is_watched_and_what_was_seen() {
        let id: ConversationId = "9a1c7a3e-2f0b-5d4c-8e6f-0123456789ab".parse().unwrap();
        assert_eq!(address(None, None), "/v1/admin/events?");
        assert_eq!(address(Some(id), Some("7")), format!("/v1/admin/events?conversation={id}&after=7"));
    }
}
