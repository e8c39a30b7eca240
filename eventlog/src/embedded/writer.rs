//! The thread that writes: one transaction and one fsync for all appends that wait.

use std::sync::Arc;

use chat_schema::ConversationId;
use rusqlite::{Connection, ErrorCode, TransactionBehavior, ffi};
use tokio::sync::{mpsc, watch};

use super::append;
use super::directory::Place;
use super::format::Format;
use super::group::{Groups, MOST};
use super::health::Health;
use super::known::{Known, Unread};
use super::queue::{Request, Work};
use crate::log::{Append, Position};

/// Conversations read in a row while nobody waits: somebody may the next moment.
const PORTION: usize = 32;

/// Pages kept in memory, in kibibytes: as SQLite has it.
const PAGES: i32 = -2000;

/// Pages kept while that is read which is needed once.
const PAGES_ONCE: i32 = 4;

/// Owns the only connection that writes.
pub(super) struct Writer {
    connection: Connection,
    format: Format,
    committed: watch::Sender<Position>,
    health: Arc<Health>,
    known: Arc<Known>,
    /// `None` once all are known.
    unread: Option<Unread>,
    place: Place,
}

/// A group that was not committed.
#[derive(Debug)]
struct Failure {
    outcome: Append,
    cause: Cause,
}

/// Why a group was not committed.
#[derive(Debug, thiserror::Error)]
enum Cause {
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    #[error("somebody is reading it")]
    Read,
    #[error("the log's files are not where they were opened: put the directory back, or restart")]
    Displaced,
}

impl Writer {
    /// Moves `committed` to the last durable position, tells in `health` how the groups fare, and fills `known`.
    pub(super) fn new(
        connection: Connection,
        format: Format,
        committed: watch::Sender<Position>,
        health: Arc<Health>,
        known: Arc<Known>,
        place: Place,
    ) -> Self {
        let unread = Some(Unread::all(known.clone(), format));
        Self { connection, format, committed, health, known, unread, place }
    }

    /// Writes until the callers' end of the queue is dropped and the queue is empty.
    pub(super) fn run(mut self, requests: mpsc::Receiver<Request>) {
        let (mut groups, mut group) = (Groups::of(requests), Vec::with_capacity(MOST));
        loop {
            self.read_while_nobody_waits(&groups.requests);
            if !groups.next(&mut group) {
                return;
            }
            self.write(&mut group);
        }
    }

    /// Has SQLite keep so many pages in memory, or kibibytes of them if the number is negative.
    fn keep_pages(&self, most: i32) {
        if let Err(error) = self.connection.pragma_update(None, "cache_size", most) {
            tracing::warn!(%error, "event log cannot set how many pages it keeps");
        }
    }

    /// Reads on which conversations the log has, until that is known or an append waits.
    fn read_while_nobody_waits(&mut self, requests: &mpsc::Receiver<Request>) {
        // Without a pause to read in, the pages that appends need stay.
        if self.unread.is_none() || !requests.is_empty() {
            return;
        }
        self.keep_pages(PAGES_ONCE);
        while let Some(unread) = &mut self.unread
            && requests.is_empty()
            && !requests.is_closed()
        {
            if !unread.read(&self.connection, PORTION) {
                self.unread = None;
            }
        }
        self.keep_pages(PAGES);
    }

    /// Writes a group and answers everyone in it.
    fn write(&mut self, group: &mut Vec<Request>) {
        group.iter_mut().for_each(Request::take);
        self.health.writing(true);
        let committed = self.commit(group);
        self.health.writing(false);
        match committed {
            Ok(outcomes) => {
                self.health.count_commit();
                let wrote = self.advance(&outcomes);
                // Callers first: somebody waits for each of them.
                group.drain(..).zip(outcomes).for_each(|(request, outcome)| request.answer(outcome));
                if wrote {
                    self.committed.send_modify(|_| ());
                }
            }
            Err(failure) => {
                self.report(&failure, group.len());
                group.drain(..).for_each(|request| request.answer(failure.outcome));
            }
        }
    }

    /// All of a group in one transaction. An append that conflicts adds nothing and leaves the others alone.
    fn commit(&mut self, group: &[Request]) -> Result<Vec<Append>, Failure> {
        let before_commit = |cause| Failure { outcome: Append::Unavailable, cause: Cause::Database(cause) };
        if !self.place.holds() {
            return Err(Failure { outcome: Append::Unavailable, cause: Cause::Displaced });
        }
        // Before anybody can know that they have events.
        group.iter().filter_map(begun).for_each(|conversation| self.known.add(conversation));
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(before_commit)?;
        let outcomes =
            group.iter().map(|request| append::write(&transaction, self.format, request)).collect::<Result<_, _>>();
        let mut outcomes: Vec<Append> = outcomes.map_err(before_commit)?;
        transaction
            .commit()
            .map_err(|cause| Failure { outcome: outcome_of_failed_commit(&cause), cause: cause.into() })?;
        if group.iter().any(needs_one_file)
            && let Err(error) = self.clear_write_ahead_log()
        {
            tracing::warn!(%error, "event log's write-ahead file cannot be emptied: an erasure tries it again");
            let unfinished = |(request, outcome)| if needs_one_file(request) { Append::Unknown } else { outcome };
            outcomes = group.iter().zip(outcomes).map(unfinished).collect();
        }
        if self.place.holds() {
            Ok(outcomes)
        } else {
            Err(Failure { outcome: Append::Unknown, cause: Cause::Displaced })
        }
    }

    /// What was deleted still stands in the write-ahead log, and what was appended may stand nowhere else: works that into the
    /// database, and empties it. Waits for readers, and fails when one of them takes too long.
    fn clear_write_ahead_log(&self) -> Result<(), Cause> {
        let busy = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get::<_, bool>(0))?;
        if busy { Err(Cause::Read) } else { Ok(()) }
    }

    /// Moves `committed`, without waking anybody yet; whether it moved.
    fn advance(&self, outcomes: &[Append]) -> bool {
        let position = |outcome: &Append| match outcome {
            Append::Appended(position) => Some(*position),
            _ => None,
        };
        let last = outcomes.iter().filter_map(position).max().unwrap_or_default();
        let wrote = last > *self.committed.borrow();
        if wrote {
            self.committed.send_if_modified(|end| {
                *end = last;
                false
            });
            if self.health.set_failed(false) {
                tracing::info!(position = last.get(), "event log takes appends again");
            }
        }
        wrote
    }

    fn report(&self, failure: &Failure, appends: usize) {
        let error = &failure.cause;
        if self.health.set_failed(true) {
            tracing::error!(%error, appends, outcome = ?failure.outcome, "event log takes no appends");
        } else {
            tracing::debug!(%error, appends, outcome = ?failure.outcome, "event log still takes no appends");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.health.set_failed(true);
    }
}

fn needs_one_file(request: &Request) -> bool {
    matches!(request.work, Work::Erase { .. } | Work::Close)
}

/// The conversation that a request may begin.
fn begun(request: &Request) -> Option<ConversationId> {
    match &request.work {
        Work::Append { conversation, expected, may_begin, .. } if *expected == 0 || *may_begin => Some(*conversation),
        Work::Append { .. } | Work::Erase { .. } | Work::Close => None,
    }
}

/// SQLite rolls back a commit that failed. But when the failure came after the last frame was written, as that of the fsync
/// does, the frames are whole in the file, and a crash before they are overwritten would bring the transaction back.
fn outcome_of_failed_commit(cause: &rusqlite::Error) -> Append {
    match cause.sqlite_error() {
        Some(error) if error.code == ErrorCode::DiskFull => Append::Unavailable,
        Some(error) if error.extended_code == ffi::SQLITE_IOERR_WRITE => Append::Unavailable,
        _ => Append::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;
    use crate::conformance::Author;
    use crate::embedded::open::{Database, FILE};
    use crate::embedded::queue;

    struct Test {
        dir: tempfile::TempDir,
        writer: Writer,
        committed: watch::Receiver<Position>,
    }

    impl Test {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join(FILE);
            let Database { connection, format, end, .. } = Database::open(&file).unwrap();
            let (durable, committed) = watch::channel(end);
            let place = Place::of(vec![file]).unwrap();
            Self {
                dir,
                writer: Writer::new(connection, format, durable, Arc::default(), Arc::default(), place),
                committed,
            }
        }

        /// Writes one group of appends, each with an event of one of `authors`.
        async fn write(&mut self, authors: &mut [&mut Author], size: usize) -> Vec<Append> {
            let (queue, mut requests) = queue::bounded();
            let events: Vec<_> = authors.iter_mut().map(|author| author.event_of_size(size)).collect();
            let appends = events.iter().map(|event| {
                let envelope = &event.envelope;
                queue.append(envelope.conversation_id, envelope.version - 1, std::slice::from_ref(event))
            });
            let write = async {
                let mut group = Vec::new();
                assert_eq!(requests.recv_many(&mut group, MOST).await, authors.len());
                self.writer.write(&mut group);
            };
            futures_util::future::join(join_all(appends), write).await.0
        }

        fn stored(&self) -> u64 {
            self.count("event")
        }

        fn count(&self, table: &str) -> u64 {
            let sql = format!("SELECT count(*) FROM {table}");
            self.writer.connection.query_row(&sql, (), |row| row.get(0)).unwrap()
        }

        fn limit_pages(&self, pages: u32) {
            let set = self.writer.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()));
            set.unwrap();
        }
    }

    #[tokio::test]
    async fn a_conflict_leaves_the_rest_of_its_group_alone() {
        let mut test = Test::new();
        let (mut one, mut two) = (Author::new(), Author::new());
        let mut rival = one.clone();

        let outcomes = test.write(&mut [&mut one, &mut rival, &mut two], 10).await;
        let conflict = Append::Conflict { expected: 0, actual: 1 };
        assert_eq!(outcomes, [Append::Appended(Position::new(1)), conflict, Append::Appended(Position::new(2))]);
        assert_eq!((test.stored(), test.count("conversation"), test.committed.borrow().get()), (2, 2, 2));
    }

    #[tokio::test]
    async fn a_conversation_is_known_before_its_first_event_is_committed() {
        let mut test = Test::new();
        let known = test.writer.known.clone();
        let (_queue, requests) = queue::bounded();
        test.writer.read_while_nobody_waits(&requests);
        let (mut author, other) = (Author::new(), Author::new());
        assert!(!known.may_have_events(author.conversation));

        test.limit_pages(1);
        assert_eq!(test.write(&mut [&mut author], 10_000).await, [Append::Unavailable]);
        assert!(known.may_have_events(author.conversation));
        assert!(!known.may_have_events(other.conversation));
    }

    #[tokio::test]
    async fn a_group_without_space_is_unavailable_as_a_whole_and_fits_later() {
        let mut test = Test::new();
        let (mut one, mut two) = (Author::new(), Author::new());
        let before = (one.clone(), two.clone());

        test.limit_pages(1);
        let outcomes = test.write(&mut [&mut one, &mut two], 10_000).await;
        assert_eq!(outcomes, [Append::Unavailable; 2]);
        assert_eq!((test.stored(), test.committed.borrow().get()), (0, 0));
        assert!(!test.writer.health.is_available());

        (one, two) = before;
        let mut too_early = one.clone();
        too_early.event();
        let conflict = Append::Conflict { expected: 1, actual: 0 };
        assert_eq!(test.write(&mut [&mut too_early], 10).await, [conflict]);
        assert!(!test.writer.health.is_available(), "a conflict does not show that there is space");
        assert_eq!(test.count("conversation"), 0, "neither a conflict nor a group that failed begins one");

        test.limit_pages(1000);
        let outcomes = test.write(&mut [&mut one, &mut two], 10_000).await;
        assert_eq!(outcomes, [Append::Appended(Position::new(1)), Append::Appended(Position::new(2))]);
        assert!(test.writer.health.is_available());
    }

    #[tokio::test]
    async fn nothing_is_acknowledged_while_the_file_is_elsewhere() {
        let mut test = Test::new();
        let mut author = Author::new();
        let before = author.clone();
        let (file, moved) = (test.dir.path().join(FILE), test.dir.path().join("moved"));

        std::fs::rename(&file, &moved).unwrap();
        assert_eq!(test.write(&mut [&mut author], 10).await, [Append::Unavailable]);
        assert!(!test.writer.health.is_available());
        std::fs::write(&file, "another file of the same name").unwrap();
        author = before.clone();
        assert_eq!(test.write(&mut [&mut author], 10).await, [Append::Unavailable]);
        assert_eq!(test.stored(), 0);

        std::fs::rename(&moved, &file).unwrap();
        author = before;
        assert_eq!(test.write(&mut [&mut author], 10).await, [Append::Appended(Position::new(1))]);
        assert!(test.writer.health.is_available());
    }

    #[test]
    fn a_commit_that_failed_before_its_last_write_left_nothing_and_any_other_may_have() {
        let outcome = |code| outcome_of_failed_commit(&rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_WRITE] {
            assert_eq!(outcome(code), Append::Unavailable, "{code}");
        }
        for code in [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_SHMSIZE, ffi::SQLITE_IOERR, ffi::SQLITE_NOMEM] {
            assert_eq!(outcome(code), Append::Unknown, "{code}");
        }
    }
}
