//! One conversation as it is held while it is open.

use chat_schema::{ConversationEvents, ConversationId, Message, Summary, Thread};
use sycamore::prelude::*;

use super::details::Details;
use super::live::Running;
use crate::api::{self, Failure, escape};
use crate::app::Account;
use crate::feed::{Feed, News};
use crate::ui::states::Fetched;
use crate::ui::tasks::Tasks;
use crate::ui::timer::Timer;

/// Messages of a page.
const PAGE: usize = 200;
/// Messages up to which the events are read as well, for what they tell of the answers.
const WITH_DETAILS: u64 = 400;

/// An open conversation.
#[derive(Clone, Copy)]
pub(super) struct Conversation {
    id: ConversationId,
    pub(super) thread: Signal<Fetched<Thread>>,
    pub(super) details: Signal<Details>,
    /// The answer that is being written.
    pub(super) running: Signal<Option<Running>>,
    /// A scroll that is to come.
    pub(super) scroll: Signal<Option<Timer>>,
    /// Where the last page begins: what is new is there.
    last_page: Signal<Option<String>>,
    reading: Signal<bool>,
    /// Something changed while it was read.
    stale: Signal<bool>,
    feed: Feed,
    account: Account,
    tasks: Tasks,
}

impl Conversation {
    /// Reads it and follows it, in the scope this is called in.
    pub(super) fn open(id: ConversationId) -> Self {
        let conversation = Self {
            id,
            thread: create_signal(Fetched::Loading),
            details: create_signal(Details::default()),
            running: create_signal(None),
            scroll: create_signal(None),
            last_page: create_signal(None),
            reading: create_signal(false),
            stale: create_signal(false),
            feed: use_context(),
            account: Account::here(),
            tasks: Tasks::here(),
        };
        conversation.read();
        let mut first = true;
        create_effect(move || {
            let news = conversation.feed.news.get_clone();
            // The newest piece of news is older than this page.
            if !std::mem::replace(&mut first, false) {
                untrack(|| conversation.hear(news));
            }
        });
        conversation
    }

    fn hear(self, news: Option<News>) {
        match news {
            Some(News::Changed(summary)) if summary.id == self.id => {
                self.watch(&summary);
                self.read();
            }
            Some(News::Erased(id)) if id == self.id => self.thread.set(Fetched::Failed(Failure::NotFound)),
            Some(News::Token(token)) if token.conversation_id == self.id => {
                self.running.update(|running| Running::hear(running, token));
            }
            // An answer is told from its beginning again.
            Some(News::Opened { .. }) => {
                self.running.set(None);
                self.read();
            }
            _ => {}
        }
    }

    /// Asks for the words of its answer while one is written, and not before: whoever leafs through conversations needs no feed for
    /// each of them.
    fn watch(self, summary: &Summary) {
        if summary.answering {
            self.feed.watch(self.id);
        }
    }

    /// Reads what is new, or all of it.
    pub(super) fn read(self) {
        if self.reading.replace(true) {
            self.stale.set(true);
            return;
        }
        self.tasks.begin(async move {
            loop {
                let read = self.account.watch(self.pages().await);
                let again = self.stale.replace(false);
                self.show(read);
                if !again {
                    break;
                }
            }
            self.reading.set(false);
        });
    }

    /// At first all at once; then the pages from the last known one on, joined to what is there.
    async fn pages(self) -> Result<Thread, Failure> {
        let mut known = self.thread.with_untracked(|thread| thread.there().cloned());
        if known.is_none() {
            return api::get(&format!("/v1/admin/conversations/{}", self.id)).await;
        }
        let mut cursor = self.last_page.get_clone_untracked().filter(|_| known.is_some());
        if cursor.is_none() {
            known = None;
        }
        loop {
            let after = cursor.as_deref().map_or(String::new(), |cursor| format!("&cursor={}", escape(cursor)));
            let page: Thread = api::get(&format!("/v1/admin/conversations/{}?limit={PAGE}{after}", self.id)).await?;
            let next = page.next_cursor.clone();
            known = Some(joined(known, page));
            self.last_page.set_silent(cursor.clone());
            match (next, known) {
                (Some(next), thread) => {
                    cursor = Some(next);
                    known = thread;
                }
                (None, Some(thread)) => return Ok(thread),
                (None, None) => return Err(Failure::NotFound),
            }
        }
    }

    fn show(self, read: Result<Thread, Failure>) {
        match read {
            Ok(thread) => {
                let answered = |running: &Running| running.is_answered_by(&thread.messages);
                let over = self.running.with_untracked(|running| running.as_ref().is_some_and(answered));
                let few = thread.conversation.messages <= WITH_DETAILS;
                self.watch(&thread.conversation);
                batch(|| {
                    if over {
                        self.running.set(None);
                    }
                    self.thread.set(Fetched::There(thread));
                });
                if few {
                    self.read_details();
                }
            }
            // What is shown stays; the bar above says that the connection is lost.
            Err(failure)
                if failure != Failure::NotFound && self.thread.with_untracked(|thread| thread.there().is_some()) => {}
            Err(failure) => self.thread.set(Fetched::Failed(failure)),
        }
    }

    fn read_details(self) {
        self.tasks.begin(async move {
            let address = format!("/v1/admin/conversations/{}/events", self.id);
            if let Ok(events) = api::get::<ConversationEvents>(&address).await {
                self.details.set(Details::of(&events.events));
            }
        });
    }

    /// The newest that is known. Tracked.
    pub(super) fn summary(self) -> Option<Summary> {
        self.thread.with(|thread| thread.there().map(|thread| thread.conversation.clone()))
    }

    /// Something of the messages. Tracked.
    pub(super) fn messages<T>(self, of: impl FnOnce(&[Message]) -> T) -> T {
        self.thread.with(|thread| of(thread.there().map_or(&[], |thread| &thread.messages)))
    }
}

/// What is known, with a page that may repeat some of it.
fn joined(known: Option<Thread>, page: Thread) -> Thread {
    let Some(mut thread) = known else { return page };
    let again =
        page.messages.first().and_then(|first| thread.messages.iter().position(|message| message.id == first.id));
    thread.messages.truncate(again.unwrap_or(thread.messages.len()));
    thread.messages.extend(page.messages);
    thread.conversation = page.conversation;
    thread
}

#[cfg(test)]
mod tests {
    use chat_schema::{MessageStatus, Role};

    use super::*;

    fn thread(numbers: &[u64]) -> Thread {
        let session: chat_schema::SessionId = "s".parse().unwrap();
        let id = ConversationId::of(&session);
        let message = |number: &u64| Message {
            id: format!("0198c0de-1111-7000-8000-{number:012}").parse().unwrap(),
            creation_time: *number,
            conversation_id: id,
            role: Role::User,
            content: number.to_string(),
            created_at: *number,
            status: MessageStatus::Complete,
            rating: None,
        };
        let conversation = Summary {
            id,
            creation_time: 0,
            session_id: session,
            created_at: 0,
            updated_at: 0,
            last_message: String::new(),
            messages: numbers.len() as u64,
            failed: false,
            answering: false,
            snippet: None,
        };
        Thread { conversation, messages: numbers.iter().map(message).collect(), next_cursor: None }
    }

    fn numbers(thread: &Thread) -> Vec<u64> {
        thread.messages.iter().map(|message| message.created_at).collect()
    }

    #[test]
    fn a_page_that_is_read_again_replaces_what_it_repeats() {
        assert_eq!(numbers(&joined(None, thread(&[1, 2]))), [1, 2]);
        assert_eq!(numbers(&joined(Some(thread(&[1, 2])), thread(&[3]))), [1, 2, 3]);
        assert_eq!(numbers(&joined(Some(thread(&[1, 2, 3])), thread(&[2, 3, 4]))), [1, 2, 3, 4]);
    }
}
