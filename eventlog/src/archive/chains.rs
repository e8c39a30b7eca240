//! The hash chains of a whole log, followed in its order. The heads are kept in a temporary database on disk, so that memory does
//! not grow with the number of conversations.

use chat_schema::{ConversationId, Event, Hash, Head, SealedEvent};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::fault::Place;
use super::{Fault, Stored, is_linked, kept};

/// Memory for heads, in KiB.
const CACHE_KIB: i32 = 32 * 1024;

const SCHEMA: &str = "
    PRAGMA journal_mode = off;
    PRAGMA synchronous = off;
    CREATE TABLE head (
        conversation BLOB    NOT NULL PRIMARY KEY,
        first        INTEGER NOT NULL,
        version      INTEGER NOT NULL,
        hash         BLOB    NOT NULL
    ) STRICT, WITHOUT ROWID;
";

/// The chains as far as they were followed.
pub struct Chains {
    db: Connection,
    any_kept: bool,
}

/// The temporary database failed.
#[derive(Debug, thiserror::Error)]
#[error("heads cannot be kept in a temporary file ({0}): make room in the system's directory for temporary files")]
pub struct ChainsError(#[from] rusqlite::Error);

/// What came of looking at one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// It follows the one before.
    Whole,
    /// It tells that everything before it was erased. `left` events of that are still there: the erasure is not finished.
    Erased {
        /// How many events it says are gone.
        events: u64,
        /// How many of them are not.
        left: u64,
    },
    /// It is not what was stored there, or not in its place.
    Faulty(Place, Fault),
}

/// The heads of all chains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// How many conversations there are, the operators' stream included.
    pub heads: u64,
    /// One hash over all heads, in the order of their ids.
    pub digest: Hash,
}

struct Known {
    first: u64,
    version: u64,
    hash: Hash,
}

impl Chains {
    /// Chains of which nothing was followed yet.
    ///
    /// # Errors
    /// There is no room for the temporary file.
    pub fn new() -> Result<Self, ChainsError> {
        // An empty name: a file that only this connection knows, and that is gone with it.
        let db = Connection::open("")?;
        db.execute_batch(SCHEMA)?;
        db.execute_batch(kept::SCHEMA)?;
        db.pragma_update(None, "cache_size", -CACHE_KIB)?;
        db.execute_batch("BEGIN")?;
        Ok(Self { db, any_kept: false })
    }

    /// Expects this head, which was kept elsewhere, to be in the log.
    ///
    /// # Errors
    /// The temporary file failed.
    pub fn expect(&mut self, conversation: ConversationId, version: u64, hash: Hash) -> Result<(), ChainsError> {
        self.any_kept = true;
        Ok(kept::keep(&self.db, conversation, version, &hash)?)
    }

    /// Looks at the next event of the log.
    ///
    /// # Errors
    /// The temporary file failed.
    pub fn check(&mut self, stored: &Stored) -> Result<Checked, ChainsError> {
        let place =
            Place { conversation: stored.conversation, version: stored.version, position: Some(stored.position) };
        let changed = |place, why| Ok(Checked::Faulty(place, Fault::Changed { why }));
        let Ok(event) = stored.open() else {
            self.note_unreadable(stored)?;
            return changed(place, "its bytes are not an event");
        };
        let envelope = &event.envelope;
        if stored.conversation != Some(envelope.conversation_id)
            || stored.version.is_some_and(|version| version != envelope.version)
        {
            self.note_unreadable(stored)?;
            return changed(place, "it is not filed where its bytes say");
        }
        let place = Place { version: Some(envelope.version), ..place };
        let known = self.known(envelope.conversation_id)?;
        let found = follow(&event, known.as_ref());
        self.note(&event, known.as_ref())?;
        if self.any_kept && !kept::is_as_kept(&self.db, &event)? {
            return changed(place, "a head kept elsewhere has another hash for it");
        }
        Ok(match found {
            Ok(checked) => checked,
            Err(fault) => Checked::Faulty(place, fault),
        })
    }

    /// The heads that were expected and are neither in the log nor erased.
    ///
    /// # Errors
    /// The temporary file failed.
    pub fn dropped(&self) -> Result<Vec<Place>, ChainsError> {
        Ok(kept::dropped(&self.db)?)
    }

    /// All heads as one number and one hash.
    ///
    /// # Errors
    /// The temporary file failed.
    pub fn summary(&self) -> Result<Summary, ChainsError> {
        let mut summary = Summary { heads: 0, digest: Hash::ZERO };
        self.each_head(|conversation, version, hash| {
            let row = [conversation.as_uuid().as_bytes().as_slice(), &version.to_be_bytes(), hash.as_bytes()].concat();
            summary.heads += 1;
            summary.digest = Hash::link(&summary.digest, &row);
        })?;
        Ok(summary)
    }

    /// Calls `each` with every conversation's head, in the order of their ids.
    ///
    /// # Errors
    /// The temporary file failed.
    pub fn each_head(&self, mut each: impl FnMut(ConversationId, u64, Hash)) -> Result<(), ChainsError> {
        let mut statement = self.db.prepare("SELECT conversation, version, hash FROM head ORDER BY conversation")?;
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            each(Uuid::from_bytes(row.get(0)?).into(), row.get(1)?, Hash::from(row.get::<_, [u8; 32]>(2)?));
        }
        Ok(())
    }

    /// Version of the first event of a conversation that is not erased, as far as it was followed.
    ///
    /// # Errors
    /// The temporary file failed.
    pub fn first(&self, conversation: ConversationId) -> Result<Option<u64>, ChainsError> {
        Ok(self.known(conversation)?.map(|known| known.first))
    }

    fn known(&self, conversation: ConversationId) -> rusqlite::Result<Option<Known>> {
        self.db
            .prepare_cached("SELECT first, version, hash FROM head WHERE conversation = ?1")?
            .query_row([conversation.as_uuid().as_bytes()], |row| {
                Ok(Known { first: row.get(0)?, version: row.get(1)?, hash: Hash::from(row.get::<_, [u8; 32]>(2)?) })
            })
            .optional()
    }

    /// What comes next is held against this event, even if this one is faulty: one change is told once.
    fn note(&self, event: &SealedEvent, known: Option<&Known>) -> rusqlite::Result<()> {
        let version = event.envelope.version;
        let first = known.filter(|_| !is_erasure(event)).map_or(version, |known| known.first);
        self.put(event.envelope.conversation_id, first, version, event.hash)
    }

    fn note_unreadable(&self, stored: &Stored) -> rusqlite::Result<()> {
        let Some(conversation) = stored.conversation else { return Ok(()) };
        let known = self.known(conversation)?;
        let version = stored.version.unwrap_or_else(|| known.as_ref().map_or(1, |known| known.version + 1));
        self.put(conversation, known.map_or(version, |known| known.first), version, stored.hash)
    }

    fn put(&self, conversation: ConversationId, first: u64, version: u64, hash: Hash) -> rusqlite::Result<()> {
        self.db
            .prepare_cached("INSERT OR REPLACE INTO head VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![conversation.as_uuid().as_bytes(), first, version, hash.as_bytes()])
            .map(drop)
    }
}

fn is_erasure(event: &SealedEvent) -> bool {
    matches!(event.envelope.event, Event::ConversationErased { .. })
}

/// Holds an event against the one before it.
fn follow(event: &SealedEvent, known: Option<&Known>) -> Result<Checked, Fault> {
    let version = event.envelope.version;
    let head = known.map(|known| Head { version: known.version, hash: known.hash, recorded_at: 0 });
    if let Some(known) = known
        && version <= known.version
    {
        return Err(Fault::OutOfOrder { after: known.version });
    }
    let changed = |why| Fault::Changed { why };
    if let Event::ConversationErased { erased_events, head: erased } = &event.envelope.event {
        if !is_linked(event, None) {
            return Err(changed("its hash does not follow from the erased head and its bytes"));
        }
        if known.is_some_and(|known| known.version + 1 == version && known.hash != *erased) {
            return Err(changed("the head it erases is not the one before it"));
        }
        let left = known.map_or(0, |known| known.version + 1 - known.first);
        return Ok(Checked::Erased { events: *erased_events, left });
    }
    let expected = known.map_or(1, |known| known.version + 1);
    if version > expected {
        return Err(Fault::Missing { version: expected });
    }
    if is_linked(event, head.as_ref()) {
        Ok(Checked::Whole)
    } else {
        Err(changed("its hash does not follow from the event before it and its bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Position;
    use crate::conformance::Author;

    fn stored(events: &[SealedEvent]) -> Vec<Stored> {
        let stored = |(number, event): (u64, &SealedEvent)| Stored {
            position: Position::new(number),
            conversation: Some(event.envelope.conversation_id),
            version: Some(event.envelope.version),
            hash: event.hash,
            bytes: event.bytes.clone(),
        };
        (1..).zip(events).map(stored).collect()
    }

    /// What is not whole, by position.
    fn found(stored: &[Stored]) -> Vec<(u64, Checked)> {
        let mut chains = Chains::new().unwrap();
        let checked = stored.iter().map(|stored| (stored.position.get(), chains.check(stored).unwrap()));
        checked.filter(|(_, checked)| *checked != Checked::Whole).collect()
    }

    fn faults(stored: &[Stored]) -> Vec<(u64, Fault)> {
        let fault = |(position, checked)| match checked {
            Checked::Faulty(place, fault) => {
                assert_eq!(place.position.map(Position::get), Some(position));
                (position, fault)
            }
            other => panic!("{other:?}"),
        };
        found(stored).into_iter().map(fault).collect()
    }

    #[test]
    fn a_whole_log_has_nothing_to_tell() {
        let (mut one, mut two) = (Author::new(), Author::new());
        let events: Vec<_> = (0..20).map(|n| if n % 3 == 0 { one.event() } else { two.event() }).collect();
        assert_eq!(found(&stored(&events)), []);
    }

    #[test]
    fn a_missing_a_doubled_and_a_moved_event_are_told_once() {
        let events = stored(&Author::new().events(6));
        let mut missing = events.clone();
        missing.remove(2);
        assert_eq!(faults(&missing), [(4, Fault::Missing { version: 3 })]);
        assert_eq!(faults(&events[1..]), [(2, Fault::Missing { version: 1 })]);
        let mut doubled = events.clone();
        doubled.insert(4, events[1].clone());
        assert_eq!(faults(&doubled)[0], (2, Fault::OutOfOrder { after: 4 }));
    }

    #[test]
    fn an_event_under_another_conversation_s_name_is_changed() {
        let mut events = stored(&Author::new().events(2));
        events[1].conversation = Some(Author::new().conversation);
        let found = faults(&events);
        assert!(matches!(found[0], (2, Fault::Changed { .. })), "{found:?}");
    }

    #[test]
    fn an_erased_conversation_is_whole_and_tells_what_is_gone_and_what_is_not() {
        let mut author = Author::new();
        let mut events = author.events(4);
        events.push(author.erasure());
        events.extend(author.events(2));
        let all = stored(&events);
        let erased = |left| (5, Checked::Erased { events: 4, left });
        assert_eq!(found(&all[4..]), [erased(0)]);
        assert_eq!(found(&[&all[..2], &all[4..]].concat()), [erased(2)], "erased from the newest on, and cut short");
        assert_eq!(found(&all), [erased(4)]);
        let from_the_oldest_on = found(&[&all[1..2], &all[4..]].concat());
        assert!(matches!(from_the_oldest_on[0], (2, Checked::Faulty(_, Fault::Missing { version: 1 }))));
    }

    #[test]
    fn an_erasure_cannot_hide_a_change() {
        let mut author = Author::new();
        author.events(4);
        let mut erasure = stored(&[author.erasure()]);
        erasure[0].hash = Hash::ZERO;
        assert!(matches!(faults(&erasure)[..], [(1, Fault::Changed { .. })]));
        let mut rival = Author::new();
        rival.conversation = author.conversation;
        let (other, mut events) = (rival.events(4), vec![]);
        events.extend(stored(&other));
        author.head.version = 4;
        let mut author = Author { conversation: author.conversation, head: Head { hash: Hash::ZERO, ..author.head } };
        let mut erasure = stored(&[author.erasure()]);
        erasure[0].position = Position::new(5);
        events.extend(erasure);
        assert!(matches!(faults(&events)[..], [(5, Fault::Changed { .. })]));
    }

    #[test]
    fn a_dropped_tail_shows_beside_a_head_kept_elsewhere_and_an_erased_one_does_not() {
        let (mut one, mut two) = (Author::new(), Author::new());
        let events = [one.events(3), two.events(3)].concat();
        let expecting = |stored: &[Stored]| {
            let mut chains = Chains::new().unwrap();
            for author in [&one, &two] {
                chains.expect(author.conversation, author.head.version, author.head.hash).unwrap();
            }
            for stored in stored {
                assert!(!matches!(chains.check(stored).unwrap(), Checked::Faulty(..)));
            }
            chains.dropped().unwrap().into_iter().map(|place| place.conversation).collect::<Vec<_>>()
        };
        assert_eq!(expecting(&stored(&events)), []);
        assert_eq!(expecting(&stored(&events[..5])), [Some(two.conversation)], "a tail");
        assert_eq!(expecting(&stored(&events[..3])), [Some(two.conversation)], "a whole conversation");
        let erased = [&events[..3], &[two.clone().erasure()]].concat();
        assert_eq!(expecting(&stored(&erased)), []);
    }

    #[test]
    fn a_chain_that_was_computed_anew_shows_beside_a_head_kept_elsewhere_also_under_an_erasure() {
        let mut author = Author::new();
        let mut forger = author.clone();
        author.events(2);
        let anew = [forger.says("never said".into()), forger.event()];
        let found = |events: &[SealedEvent]| {
            let mut chains = Chains::new().unwrap();
            chains.expect(author.conversation, author.head.version, author.head.hash).unwrap();
            let checked: Vec<_> = stored(events).iter().map(|stored| chains.check(stored).unwrap()).collect();
            (checked.iter().any(|checked| matches!(checked, Checked::Faulty(..))), chains.dropped().unwrap())
        };
        assert_eq!(found(&anew), (true, vec![]));
        assert_eq!(found(&[forger.erasure()]), (true, vec![]), "nothing is left of what it erased");
        assert_eq!(found(&[author.clone().erasure()]), (false, vec![]));
    }

    #[test]
    fn the_digest_is_of_the_heads_alone() {
        let (mut one, mut two) = (Author::new(), Author::new());
        let (first, second) = (one.events(2), two.events(2));
        let summary = |events: &[SealedEvent]| {
            let mut chains = Chains::new().unwrap();
            for stored in stored(events) {
                let _ = chains.check(&stored).unwrap();
            }
            chains.summary().unwrap()
        };
        let whole = summary(&[first.clone(), second.clone()].concat());
        assert_eq!(whole, summary(&[second.clone(), first.clone()].concat()));
        assert_ne!(whole, summary(&[first, second[..1].to_vec()].concat()));
        assert_eq!(whole.heads, 2);
    }
}
