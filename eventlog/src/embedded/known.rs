//! Which conversations may have events. Most messages that open a conversation begin it; that the log has nothing of one is then known
//! without waking a thread that asks the disk.
//!
//! Bloom filters: they may take a conversation for known that is not, never one that is for unknown. The writer fills them: with what
//! it begins, and, while nobody waits for it, with what was there before.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_schema::ConversationId;
use fastbloom::BloomFilter;
use rusqlite::Connection;

use super::format::Format;

/// Conversations in the first filter. Each further one has room for twice as many as the one before.
const FIRST: usize = 1 << 14;

/// Filters at most, for four million conversations, in four megabytes. A log of more is asked about each.
const FILTERS: usize = 8;

/// Share of unknown conversations that a full filter takes for known.
const FALSE_POSITIVES: f64 = 0.02;

/// The conversations of one log, at one to three bytes each.
#[derive(Default)]
pub(super) struct Known(Mutex<State>);

enum State {
    /// Not all that were there at the opening are in it.
    Reading(Filters),
    Whole(Filters),
    /// Any may have events.
    Off,
}

#[derive(Default)]
struct Filters {
    filters: Vec<BloomFilter>,
    /// How many fit into the last one.
    room: usize,
}

/// The way through the conversations that were there at the opening.
pub(super) struct Unread {
    known: Arc<Known>,
    format: Format,
    /// The one read last.
    after: Option<ConversationId>,
}

impl Known {
    /// Counts the conversation among those that have events.
    pub(super) fn add(&self, conversation: ConversationId) {
        self.state().add(conversation);
    }

    /// Whether the conversation may have events.
    pub(super) fn may_have_events(&self, conversation: ConversationId) -> bool {
        match &*self.state() {
            State::Whole(filters) => filters.contain(conversation),
            State::Reading(_) | State::Off => true,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for State {
    fn default() -> Self {
        Self::Reading(Filters::default())
    }
}

impl State {
    fn add(&mut self, conversation: ConversationId) {
        let (Self::Reading(filters) | Self::Whole(filters)) = self else { return };
        if !filters.add(conversation) {
            *self = Self::Off;
        }
    }

    /// All that were there are in it.
    fn end(&mut self) {
        if let Self::Reading(filters) = self {
            *self = Self::Whole(std::mem::take(filters));
        }
    }
}

impl Filters {
    /// False if there is no more room.
    fn add(&mut self, conversation: ConversationId) -> bool {
        if self.contain(conversation) {
            return true;
        }
        if self.room == 0 {
            if self.filters.len() == FILTERS {
                return false;
            }
            self.room = FIRST << self.filters.len();
            self.filters.push(BloomFilter::with_false_pos(FALSE_POSITIVES).expected_items(self.room));
        }
        self.room -= 1;
        if let Some(last) = self.filters.last_mut() {
            last.insert(conversation.as_uuid());
        }
        true
    }

    fn contain(&self, conversation: ConversationId) -> bool {
        self.filters.iter().any(|filter| filter.contains(conversation.as_uuid()))
    }
}

impl Unread {
    /// All that the log has.
    pub(super) fn all(known: Arc<Known>, format: Format) -> Self {
        Self { known, format, after: None }
    }

    /// Reads `count` further conversations of the log that `connection` has open, or those that there are; whether there may be more.
    pub(super) fn read(&mut self, connection: &Connection, count: usize) -> bool {
        for _ in 0..count {
            let next = self.format.next_conversation(connection, self.after);
            let mut state = self.known.state();
            match next {
                Ok(Some(next)) => {
                    state.add(next);
                    self.after = Some(next);
                }
                Ok(None) => state.end(),
                Err(error) => {
                    tracing::warn!(%error, "event log's conversations cannot be read: each is looked for");
                    *state = State::Off;
                }
            }
            if !matches!(*state, State::Reading(_)) {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn conversations(count: u128) -> Vec<ConversationId> {
        // As their ids are: spread evenly.
        let spread =
            |number: u128| Uuid::from_u128(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)).into();
        (1..=count).map(spread).collect()
    }

    /// A log of these conversations, each with two events.
    fn log(format: Format, conversations: &[ConversationId]) -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        let schema = match format {
            Format::One => "CREATE TABLE event (conversation BLOB, version INTEGER, hash BLOB, bytes BLOB) STRICT",
            Format::Two => include_str!("schema.sql"),
        };
        connection.execute_batch(schema).unwrap();
        for conversation in conversations {
            let key = format.begin(&connection, *conversation).unwrap();
            for version in [1, 2] {
                let row = (&key, version, [0; 32], []);
                let sql = "INSERT INTO event (conversation, version, hash, bytes) VALUES (?1, ?2, ?3, ?4)";
                connection.execute(sql, row).unwrap();
            }
        }
        connection
    }

    /// What is known of a log without events.
    fn empty() -> Arc<Known> {
        let known = Arc::<Known>::default();
        assert!(!Unread::all(known.clone(), Format::NEWEST).read(&log(Format::NEWEST, &[]), 1));
        known
    }

    fn known_of(known: &Known, conversations: &[ConversationId]) -> usize {
        conversations.iter().filter(|conversation| known.may_have_events(**conversation)).count()
    }

    #[test]
    fn none_that_was_added_is_unknown_and_few_others_are_known() {
        let known = empty();
        let all = conversations(16 * FIRST as u128);
        let (added, others) = all.split_at(8 * FIRST);
        added.iter().for_each(|conversation| known.add(*conversation));
        assert_eq!(known_of(&known, added), added.len());
        let mistaken = known_of(&known, others) as f64;
        assert!(mistaken < 4.0 * FALSE_POSITIVES * others.len() as f64, "{mistaken}");
    }

    #[test]
    fn what_a_log_has_is_known_once_all_of_it_is_read_and_any_may_have_events_before() {
        let all = conversations(200);
        let (there, others) = all.split_at(100);
        for (format, portion) in [1, 7, 50, 99, 100, 101].into_iter().flat_map(|n| [(Format::One, n), (Format::Two, n)])
        {
            let (connection, known) = (log(format, there), Arc::<Known>::default());
            let mut unread = Unread::all(known.clone(), format);
            loop {
                assert_eq!(known_of(&known, &all), all.len(), "{format:?} in portions of {portion}");
                if !unread.read(&connection, portion) {
                    break;
                }
            }
            assert_eq!(known_of(&known, there), there.len(), "{format:?} in portions of {portion}");
            assert!(known_of(&known, others) < 20, "{format:?} in portions of {portion}");
        }
    }

    #[test]
    fn what_is_begun_while_the_log_is_read_is_known_before_and_behind_the_place() {
        let (mut there, known) = (conversations(20), Arc::<Known>::default());
        there.sort_by_key(|conversation| *conversation.as_uuid());
        let begun = [there.remove(2), there.remove(15)];
        let (connection, mut unread) = (log(Format::NEWEST, &there), Unread::all(known.clone(), Format::NEWEST));
        assert!(unread.read(&connection, 10));
        begun.iter().for_each(|conversation| known.add(*conversation));
        assert!(!unread.read(&connection, 100));
        assert_eq!((known_of(&known, &there), known_of(&known, &begun)), (18, 2));
        assert!(known_of(&known, &conversations(1000)) < 100);
    }

    #[test]
    fn a_log_that_cannot_be_read_may_have_events_of_any() {
        let known = Arc::<Known>::default();
        assert!(!Unread::all(known.clone(), Format::NEWEST).read(&Connection::open_in_memory().unwrap(), 1));
        known.add(conversations(1)[0]);
        assert_eq!(known_of(&known, &conversations(100)), 100);
        assert!(matches!(*known.state(), State::Off));
    }

    #[test]
    fn more_conversations_than_there_is_room_for_make_any_possible() {
        let known = empty();
        let small = BloomFilter::with_num_bits(64).hashes(1);
        *known.state() = State::Whole(Filters { filters: vec![small; FILTERS], room: 1 });
        let all = conversations(2);
        known.add(all[0]);
        assert!(!known.may_have_events(all[1]));
        known.add(all[1]);
        assert!(matches!(*known.state(), State::Off));
        assert_eq!(known_of(&known, &conversations(100)), 100);
    }
}
