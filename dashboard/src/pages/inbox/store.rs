//! The inbox as it is held: it lives as long as the shell, so that coming back finds the same place.

use chat_schema::{ConversationId, ConversationPage, Summary};
use sycamore::prelude::*;

use super::filter::Filter;
use super::list::List;
use super::unread::Read;
use super::window::ROW;
use crate::api::{self, Failure};
use crate::app::Account;
use crate::feed::{Feed, News};
use crate::ui::states::Fetched;
use crate::ui::tasks::Tasks;
use crate::ui::timer::Timer;
use crate::ui::{storage, time};

/// Rows of a page.
pub(super) const PAGE: usize = 50;
/// Rows left below the eye when more are fetched.
const AHEAD: usize = 20;
/// Between two looks at the clock, in milliseconds.
const MINUTE_MS: i32 = 60_000;
const READ: &str = "open-chat:read";

/// The inbox. A context of every page.
#[derive(Clone, Copy)]
pub(crate) struct Inbox {
    pub(super) list: Signal<Fetched<List>>,
    pub(super) filter: Signal<Filter>,
    /// Moved by keys, and by opening.
    pub(super) selected: Signal<Option<ConversationId>>,
    /// The row that has the focus; set loudly, it is given it.
    pub(super) focused: Signal<Option<ConversationId>>,
    /// Whether somebody opened a conversation since the page is there: then the thread is given the focus.
    pub(crate) moved: Signal<bool>,
    /// The time, by the minute.
    pub(super) clock: Signal<u64>,
    /// Pixels of the list above the eye.
    pub(super) top: Signal<f64>,
    /// Pixels the list should move, since rows came above the eye.
    pub(super) shift: Signal<f64>,
    /// Conversations that came above the eye.
    pub(super) fresh: Signal<usize>,
    /// Why more rows did not come.
    pub(super) more_failed: Signal<Option<Failure>>,
    pub(super) loading_more: Signal<bool>,
    read: Signal<Read>,
    /// Answers of an older question are dropped.
    question: Signal<u64>,
    account: Account,
    tasks: Tasks,
}

impl Inbox {
    /// Follows the feed from now on.
    pub(crate) fn follow(feed: Feed) -> Self {
        let inbox = Self {
            list: create_signal(Fetched::Loading),
            filter: create_signal(Filter::default()),
            selected: create_signal(None),
            focused: create_signal(None),
            moved: create_signal(false),
            clock: create_signal(time::now()),
            top: create_signal(0.0),
            shift: create_signal(0.0),
            fresh: create_signal(0),
            more_failed: create_signal(None),
            loading_more: create_signal(false),
            read: create_signal(Read::kept(storage::read(READ).as_deref(), time::now())),
            question: create_signal(0),
            account: Account::here(),
            tasks: Tasks::here(),
        };
        // Asked for at once, and again when the feed stands: what happened in between is in the second answer.
        inbox.reload();
        inbox.tick();
        storage::on_change(READ, move |kept| inbox.read.set(Read::kept(kept.as_deref(), time::now())));
        create_effect(move || {
            let news = feed.news.get_clone();
            untrack(|| inbox.hear(news));
        });
        inbox
    }

    fn tick(self) {
        self.tasks.begin(async move {
            loop {
                Timer::wait(MINUTE_MS).await;
                self.clock.set(time::now());
            }
        });
    }

    fn hear(self, news: Option<News>) {
        match news {
            Some(News::Opened { resumed: false }) => self.reload(),
            Some(News::Changed(summary)) => self.change(*summary),
            Some(News::Erased(id)) => self.erase(id),
            Some(News::Opened { resumed: true } | News::Token(_)) | None => {}
        }
    }

    /// Asks for the list anew; what is shown stays until it comes.
    pub(super) fn reload(self) {
        let question = self.question.get_untracked() + 1;
        self.question.set(question);
        self.loading_more.set(false);
        self.tasks.begin(async move {
            let answer = self.ask(None).await;
            if self.question.get_untracked() == question {
                self.fresh.set(0);
                self.more_failed.set(None);
                self.list.set(answer.map(List::of).into());
            }
        });
    }

    /// Asks for what is looked for now.
    pub(super) fn look_for(self, filter: Filter) {
        if self.filter.with_untracked(|old| *old != filter) {
            self.filter.set(filter);
            self.top.set(0.0);
            self.reload();
        }
    }

    /// Asks for the next page, if the eye comes near the end of what is there.
    pub(super) fn load_ahead(self, last_shown: usize) {
        let cursor = self.list.with_untracked(|list| {
            let list = list.there()?;
            (last_shown + AHEAD >= list.rows.len()).then(|| list.next_cursor.clone())?
        });
        let Some(cursor) = cursor else { return };
        if self.loading_more.get_untracked() || self.more_failed.with_untracked(Option::is_some) {
            return;
        }
        self.loading_more.set(true);
        let question = self.question.get_untracked();
        self.tasks.begin(async move {
            let answer = self.ask(Some(&cursor)).await;
            if self.question.get_untracked() != question {
                return;
            }
            batch(|| {
                self.loading_more.set(false);
                match answer {
                    Ok(page) => drop(self.edit(|list| list.append(page))),
                    Err(failure) => self.more_failed.set(Some(failure)),
                }
            });
        });
    }

    async fn ask(self, cursor: Option<&str>) -> Result<ConversationPage, Failure> {
        let address = self.filter.with_untracked(|filter| filter.page(cursor, time::now()));
        self.account.watch(api::get(&address).await)
    }

    fn change(self, summary: Summary) {
        if self.filter.with_untracked(|filter| !filter.is_empty()) {
            self.edit(|list| list.update(summary));
            return;
        }
        let first_seen = (self.top.get_untracked() / ROW) as usize;
        let moved = self.edit(|list| list.change(summary));
        if let Some(Some(moved)) = moved
            && self.top.get_untracked() > ROW / 2.0
            && moved.to <= first_seen
            && moved.from.is_none_or(|from| from > first_seen)
        {
            batch(|| {
                self.shift.set(ROW);
                self.fresh.set(self.fresh.get_untracked() + 1);
            });
        }
    }

    fn erase(self, id: ConversationId) {
        self.edit(|list| list.erase(id));
        if self.selected.get_untracked() == Some(id) {
            self.selected.set(None);
        }
    }

    fn edit<T>(self, change: impl FnOnce(&mut List) -> T) -> Option<T> {
        if self.list.with_untracked(|list| list.there().is_none()) {
            return None;
        }
        self.list.update(|list| match list {
            Fetched::There(list) => Some(change(list)),
            Fetched::Loading | Fetched::Failed(_) => None,
        })
    }

    /// Moves the selection by one row.
    pub(super) fn select_next(self, step: isize) {
        let next = self.list.with_untracked(|list| {
            let list = list.there()?;
            let at = self.selected.get_untracked().and_then(|id| list.position(id));
            let next = at.map_or(0, |at| at.saturating_add_signed(step));
            list.rows.get(next.min(list.rows.len().saturating_sub(1))).map(|row| row.id)
        });
        if next.is_some() {
            self.selected.set(next);
            self.focused.set(next);
        }
    }

    /// Whether there is something in it that was not shown here. Tracked.
    pub(super) fn is_unread(self, id: ConversationId, updated_at: u64) -> bool {
        self.read.with(|read| read.is_unread(id, updated_at))
    }

    /// All of it was shown.
    pub(crate) fn mark_read(self, summary: &Summary) {
        if self.read.with_untracked(|read| read.is_unread(summary.id, summary.updated_at)) {
            self.read.update(|read| read.read(summary));
            self.keep();
        }
    }

    /// It is to be read again.
    pub(crate) fn mark_unread(self, id: ConversationId) {
        let row = self.list.with_untracked(|list| {
            let list = list.there()?;
            list.position(id).map(|at| list.rows[at].clone())
        });
        if let Some(row) = row {
            self.read.update(|read| read.unread(&row));
            self.keep();
        }
    }

    fn keep(self) {
        let text = self.read.with_untracked(|read| serde_json::to_string(read).unwrap_or_default());
        storage::write(READ, Some(&text));
    }
}
