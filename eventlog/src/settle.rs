//! Settling an append whose outcome is unknown.

use std::time::Duration;

use chat_schema::{ConversationId, SealedEvent};
use tokio::time::{Instant, sleep, timeout_at};

use crate::log::{Append, EventLog};

/// Pause before an append of unknown outcome is repeated.
const PAUSE: Duration = Duration::from_millis(50);

/// Appends, and repeats the identical append while its outcome is unknown; gives a single try no more time than `patience`.
///
/// A read that finds nothing settles nothing, since reads may be stale and a late write may still land. Repeating is
/// safe: the log knows an append it has stored. [`Append::Unknown`] comes back only when `patience` ran out.
pub async fn append_settled(
    log: &dyn EventLog,
    conversation: ConversationId,
    expected: u64,
    events: &[SealedEvent],
    patience: Duration,
) -> Append {
    let deadline = Instant::now() + patience;
    let mut doubtful = false;
    loop {
        // An append that does not come back may still be carried out: it is as unknown as one whose answer was lost.
        let outcome = timeout_at(deadline, log.append(conversation, expected, events)).await.unwrap_or(Append::Unknown);
        match outcome {
            Append::Unknown => doubtful = true,
            // The earlier try may still have been stored: "not now" is no answer to "was it?".
            Append::Unavailable if doubtful => {}
            known => return known,
        }
        if Instant::now() + PAUSE >= deadline {
            return Append::Unknown;
        }
        sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use async_trait::async_trait;

    use super::*;
    use crate::conformance::Author;
    use crate::log::{LogError, LogIdentity, Position, Recorded, Subscription};

    const PATIENCE: Duration = Duration::from_secs(2);
    const APPENDED: Append = Append::Appended(Position::new(7));

    /// A log that answers appends from a script, the last line for good; an empty script never answers.
    struct Scripted {
        script: Mutex<VecDeque<Append>>,
        asked: Mutex<Vec<(ConversationId, u64, Vec<SealedEvent>)>>,
    }

    #[async_trait]
    impl EventLog for Scripted {
        async fn append(&self, conversation: ConversationId, expected: u64, events: &[SealedEvent]) -> Append {
            self.asked.lock().unwrap().push((conversation, expected, events.to_vec()));
            let answer = {
                let mut script = self.script.lock().unwrap();
                if script.len() > 1 { script.pop_front() } else { script.front().copied() }
            };
            match answer {
                Some(answer) => answer,
                None => std::future::pending().await,
            }
        }

        async fn read(&self, _: ConversationId, _: u64) -> Result<Vec<Recorded>, LogError> {
            panic!("a read settles nothing")
        }

        async fn erase(&self, _: &SealedEvent) -> Result<(), LogError> {
            panic!("an erasure settles nothing")
        }

        fn subscribe(&self, _: Position) -> Subscription {
            panic!("a read settles nothing")
        }

        async fn end(&self) -> Result<Position, LogError> {
            panic!("a read settles nothing")
        }

        fn identity(&self) -> LogIdentity {
            LogIdentity(uuid::Uuid::nil())
        }

        fn is_available(&self) -> bool {
            true
        }
    }

    /// Settles an append on a log that answers `script`: what came of it, after how many tries, after how long.
    async fn settle(script: &[Append]) -> (Append, usize, Duration) {
        let log = Scripted { script: Mutex::new(script.iter().copied().collect()), asked: Mutex::default() };
        let mut author = Author::new();
        author.event();
        let events = author.events(2);
        let start = Instant::now();
        let outcome = append_settled(&log, author.conversation, 1, &events, PATIENCE).await;

        let asked = log.asked.into_inner().unwrap();
        assert!(
            asked.iter().all(|append| *append == (author.conversation, 1, events.clone())),
            "not repeated as it was"
        );
        (outcome, asked.len(), start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn an_outcome_that_is_known_is_taken_as_it_is() {
        for outcome in [APPENDED, Append::Conflict { expected: 1, actual: 3 }, Append::Unavailable] {
            assert_eq!(settle(&[outcome, Append::Unknown]).await, (outcome, 1, Duration::ZERO));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_unknown_append_is_repeated_until_its_outcome_is_known() {
        for outcome in [APPENDED, Append::Conflict { expected: 1, actual: 3 }] {
            assert_eq!(settle(&[Append::Unknown, Append::Unknown, outcome]).await, (outcome, 3, 2 * PAUSE));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_append_that_stays_unknown_is_unknown_when_patience_is_out() {
        let (outcome, tries, elapsed) = settle(&[Append::Unknown]).await;
        assert_eq!(outcome, Append::Unknown);
        assert!(elapsed < PATIENCE && elapsed + PAUSE >= PATIENCE, "{elapsed:?}");
        assert_eq!(tries as u32, elapsed.as_millis() as u32 / PAUSE.as_millis() as u32 + 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_append_that_never_comes_back_is_unknown_when_patience_is_out() {
        assert_eq!(settle(&[]).await, (Append::Unknown, 1, PATIENCE));
    }

    #[tokio::test(start_paused = true)]
    async fn an_append_that_was_unknown_once_is_never_called_unavailable() {
        assert_eq!(settle(&[Append::Unknown, Append::Unavailable]).await.0, Append::Unknown);
        let back_again = [Append::Unknown, Append::Unavailable, Append::Unavailable, APPENDED];
        assert_eq!(settle(&back_again).await, (APPENDED, 4, 3 * PAUSE));
    }
}
