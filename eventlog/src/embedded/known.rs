//! Which conversations may have events. Most messages that open a conversation begin it; that the log has nothing of one is then known
//! without waking a thread that asks the disk.
//!
//! Bloom filters: they may take a conversation for known that is not, never one that is for unknown.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use chat_schema::ConversationId;
use fastbloom::BloomFilter;
use rusqlite::{Connection, OpenFlags};
use uuid::Uuid;

use crate::log::Position;

/// Conversations in the first filter. Each further one has room for twice as many as the one before.
const FIRST: usize = 1 << 14;

/// Share of unknown conversations that a full filter takes for known.
const FALSE_POSITIVES: f64 = 0.01;

/// A log that ends further on is not read through at its opening: it would keep a disk busy for long. All of its conversations may have
/// events then.
const LAST_READ: Position = Position::new(10_000_000);

/// Conversations read at a time, and added while others wait.
const PORTION: usize = 1000;

/// The conversations of one log. About a byte and a half each.
#[derive(Default)]
pub(super) struct Known(Mutex<Filters>);

#[derive(Default)]
struct Filters {
    filters: Vec<BloomFilter>,
    /// How many fit into the last one.
    room: usize,
    /// Whether those that were there at the opening are in it.
    is_whole: bool,
}

impl Known {
    /// Those of the log in `file`, which ends at `end`. They are read in a thread of its own; until it is done any may have events.
    pub(super) fn of(file: PathBuf, end: Position) -> std::io::Result<Arc<Self>> {
        let known = Arc::<Self>::default();
        if end == Position::START {
            known.filters().is_whole = true;
        } else if end <= LAST_READ {
            let reading = Arc::downgrade(&known);
            std::thread::Builder::new().name("event-log-known".into()).spawn(move || {
                if let Err(error) = read(&file, &reading) {
                    tracing::warn!(%error, "which conversations the event log knows cannot be read: each is looked for");
                }
            })?;
        }
        Ok(known)
    }

    /// Counts the conversation among those that have events.
    pub(super) fn add(&self, conversation: ConversationId) {
        self.filters().add(conversation);
    }

    /// Whether the conversation may have events.
    pub(super) fn may_have_events(&self, conversation: ConversationId) -> bool {
        let filters = self.filters();
        !filters.is_whole || filters.contain(conversation)
    }

    fn filters(&self) -> MutexGuard<'_, Filters> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Filters {
    fn add(&mut self, conversation: ConversationId) {
        if self.contain(conversation) {
            return;
        }
        if self.room == 0 {
            self.room = FIRST << self.filters.len();
            self.filters.push(BloomFilter::with_false_pos(FALSE_POSITIVES).expected_items(self.room));
        }
        self.room -= 1;
        if let Some(last) = self.filters.last_mut() {
            last.insert(conversation.as_uuid());
        }
    }

    fn contain(&self, conversation: ConversationId) -> bool {
        self.filters.iter().any(|filter| filter.contains(conversation.as_uuid()))
    }
}

/// Adds all conversations of the log in `file`, unless nobody asks for them any more. In portions, so that the write-ahead log can be emptied
/// in between.
fn read(file: &Path, known: &Weak<Known>) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    let mut portion = connection
        .prepare("SELECT DISTINCT conversation FROM event WHERE conversation > ?1 ORDER BY conversation LIMIT ?2")?;
    let mut after = Vec::new();
    loop {
        let found = portion.query_map((&after, PORTION), |row| row.get::<_, [u8; 16]>(0))?;
        let found: Vec<_> = found.collect::<rusqlite::Result<_>>()?;
        let Some(known) = known.upgrade() else { return Ok(()) };
        let mut filters = known.filters();
        for conversation in &found {
            filters.add(Uuid::from_bytes(*conversation).into());
        }
        let Some(last) = found.last() else {
            filters.is_whole = true;
            return Ok(());
        };
        after = last.to_vec();
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use futures_util::future::join_all;

    use super::*;
    use crate::conformance::{Author, store};
    use crate::embedded::EmbeddedLog;
    use crate::log::EventLog;

    fn conversations(count: u128) -> impl Iterator<Item = ConversationId> {
        // As their ids are: spread evenly.
        (0..count).map(|number| Uuid::from_u128(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)).into())
    }

    #[test]
    fn none_that_was_added_is_unknown_and_few_others_are_known() {
        let known = Known::of(PathBuf::new(), Position::START).unwrap();
        let most = 8 * FIRST as u128;
        conversations(most).for_each(|conversation| known.add(conversation));
        assert!(conversations(most).all(|conversation| known.may_have_events(conversation)));
        let others = conversations(2 * most).skip(most as usize);
        let mistaken = others.filter(|other| known.may_have_events(*other)).count() as f64;
        assert!(mistaken < 4.0 * FALSE_POSITIVES * most as f64, "{mistaken}");
    }

    #[test]
    fn any_may_have_events_until_all_are_read() {
        let known = Known::default();
        let one = ConversationId::from(Uuid::from_u128(1));
        assert!(known.may_have_events(one));
        known.filters().is_whole = true;
        assert!(!known.may_have_events(one));
    }

    #[tokio::test]
    async fn the_conversations_of_a_log_that_is_opened_are_known_and_soon_no_others() {
        let dir = tempfile::tempdir().unwrap();
        let authors: Vec<_> = std::iter::repeat_with(Author::new).take(2 * PORTION + 1).collect();
        {
            let log = EmbeddedLog::open(dir.path()).unwrap();
            join_all(authors.iter().map(async |author| store(&log, &author.clone().events(2)).await)).await;
        }
        let log = EmbeddedLog::open(dir.path()).unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        // All but a few.
        while conversations(100).filter(|other| log.known.may_have_events(*other)).count() > 20 {
            assert!(Instant::now() < deadline, "the log is not read");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        for author in &authors {
            assert_eq!(log.read(author.conversation, 0).await.unwrap().len(), 2);
        }
    }

    #[tokio::test]
    async fn a_conversation_that_is_begun_is_known_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let log = EmbeddedLog::open(dir.path()).unwrap();
        let mut author = Author::new();
        assert!(!log.known.may_have_events(author.conversation));
        assert!(log.read(author.conversation, 0).await.unwrap().is_empty());
        store(&log, &author.events(1)).await;
        assert_eq!(log.read(author.conversation, 0).await.unwrap().len(), 1);
    }
}
