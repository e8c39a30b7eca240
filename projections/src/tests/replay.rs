//! Any log, replayed, gives the models that living through it gave: however its events came in batches, came twice, or came
//! before and after restarts.

use chat_eventlog::{LogIdentity, Recorded};
use chat_schema::{
    ConversationId, Event, FailureReason, FinishReason, Hash, Head, Operator, OperatorAct, Rating, SealedEvent,
    Timings, Usage,
};
use proptest::prelude::*;
use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::TempDir;
use uuid::Uuid;

use super::{at, database, rows};
use crate::models::Models;
use crate::prepared::Prepared;
use crate::store::Store;

const LOG: LogIdentity = LogIdentity(Uuid::from_u128(1));
const CONVERSATIONS: u8 = 4;

/// What comes next: to which conversation, how much later, and what. Whatever it is, the models have to take it.
#[derive(Debug, Clone)]
struct Happening {
    conversation: u8,
    later: u64,
    event: Event,
}

/// How the next events are delivered.
#[derive(Debug, Clone)]
struct Delivery {
    /// New ones.
    events: usize,
    /// Those before them that come again.
    again: usize,
    restart: bool,
}

fn text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec!["the", "order", "Öl", "返金", "refund", "\0", "x-y", ""]);
    prop::collection::vec(word, 0..4).prop_map(|words| words.join(" "))
}

fn event() -> impl Strategy<Value = Event> {
    let message = || (1..4_u8).prop_map(|number| format!("m{number}").parse().unwrap());
    let owner = || (0..3_u128).prop_map(|owner| Uuid::from_u128(owner).into());
    let reasons = vec![FailureReason::Unavailable, FailureReason::TimedOut, FailureReason::Abandoned];
    let ratings = vec![None, Some(Rating::Up), Some(Rating::Down)];
    prop_oneof![
        6 => (message(), text(), owner()).prop_map(|(message_id, content, owner)| Event::UserMessaged {
            message_id, session_id: "filled-in-below".parse().unwrap(), content, owner,
        }),
        2 => (message(), owner())
            .prop_map(|(in_reply_to, owner)| Event::ReplyStarted { in_reply_to, attempt: 2, owner }),
        5 => (message(), text(), 0..9_000_u64, any::<bool>()).prop_map(|(in_reply_to, content, ms, told)| {
            Event::AssistantReplied {
                in_reply_to, content, model: "model".to_owned(), finish_reason: FinishReason::Stop,
                usage: told.then_some(Usage { prompt_tokens: ms, completion_tokens: 7 }),
                timings: Timings { first_token_ms: ms / 9, total_ms: ms },
            }
        }),
        3 => (message(), prop::sample::select(reasons))
            .prop_map(|(in_reply_to, reason)| Event::ReplyFailed { in_reply_to, reason }),
        2 => (message(), text()).prop_map(|(in_reply_to, content)| Event::ReplyStopped { in_reply_to, content }),
        2 => (message(), prop::sample::select(ratings))
            .prop_map(|(message_id, rating)| Event::MessageRated { message_id, rating }),
        1 => Just(Event::ConversationErased { erased_events: 1, head: Hash::ZERO }),
        1 => Just(Event::OperatorActed { operator: Operator::AdminKey, act: OperatorAct::SignedIn {} }),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    (0..CONVERSATIONS, prop::sample::select(vec![0, 1, 1_000, 2_000_000, 4_000_000]), event())
        .prop_map(|(conversation, later, event)| Happening { conversation, later, event })
}

fn delivery() -> impl Strategy<Value = Delivery> {
    (1..7_usize, 0..9_usize, any::<bool>()).prop_map(|(events, again, restart)| Delivery { events, again, restart })
}

/// The log in which all of that happened. A deleted conversation's earlier events may still be in it, or not.
fn log_of(happenings: Vec<Happening>, holes: bool) -> Vec<Recorded> {
    let (mut heads, mut now) = ([Head::EMPTY; CONVERSATIONS as usize + 1], 1_000);
    let mut log = Vec::new();
    for (position, Happening { conversation, later, mut event }) in (1_u64..).zip(happenings) {
        now += later;
        let session: chat_schema::SessionId = format!("visitor-{conversation}").parse().unwrap();
        let (mut id, mut place) = (ConversationId::of(&session), usize::from(conversation));
        if let Event::UserMessaged { session_id, .. } = &mut event {
            *session_id = session;
        }
        if matches!(event, Event::OperatorActed { .. }) {
            (id, place) = (ConversationId::OPERATORS, usize::from(CONVERSATIONS));
        }
        let erased = matches!(event, Event::ConversationErased { .. });
        let sealed = SealedEvent::seal(heads[place], id, Uuid::from_u128(u128::from(position)).into(), now, event);
        heads[place] = sealed.head();
        if erased && holes {
            log.retain(|before: &Recorded| before.event.envelope.conversation_id != id);
        }
        log.push(Recorded { position: at(position), event: sealed });
    }
    log
}

fn open(dir: &TempDir) -> Store {
    Store::open(dir.path(), LOG).unwrap()
}

fn apply(models: &Models, events: &[Recorded], goal: u64) {
    let from = models.checkpoint().unwrap().position;
    let events: Vec<_> = events.iter().cloned().map(Prepared::from).collect();
    let applied = models.apply(&events, from, at(goal)).unwrap();
    assert_eq!(applied.gap, None);
}

/// Every row, and every word the index has of each message.
fn contents(dir: &TempDir) -> (Vec<Vec<Value>>, Vec<(String, i64)>) {
    let db = Connection::open(database(dir)).unwrap();
    db.execute_batch("CREATE VIRTUAL TABLE temp.word USING fts5vocab(main, message_words, instance)").unwrap();
    let mut words = db.prepare("SELECT term, doc FROM temp.word ORDER BY term, doc").unwrap();
    let words = words.query_map((), |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
    (rows(&db), words)
}

fn lived_through(log: &[Recorded], deliveries: &[Delivery]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, mut seen, goal) = (Some(open(&dir)), 0, log.last().map_or(0, |last| last.position.get()));
    for delivery in deliveries.iter().cycle() {
        if seen == log.len() {
            break;
        }
        if delivery.restart {
            store = None;
        }
        let models = store.get_or_insert_with(|| open(&dir)).current();
        let until = log.len().min(seen + delivery.events);
        apply(&models, &log[seen.saturating_sub(delivery.again)..until], goal);
        seen = until;
    }
    drop(store);
    dir
}

fn replayed(log: &[Recorded]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    apply(&open(&dir).current(), log, log.last().map_or(0, |last| last.position.get()));
    dir
}

/// As it is when the models that are there cannot be gone on with.
fn built_beside(log: &[Recorded]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let (store, goal) = (open(&dir), log.last().map_or(0, |last| last.position.get()));
    let next = store.begin_beside(LOG).unwrap();
    for events in log.chunks(log.len() / 3 + 1) {
        apply(&next, events, goal);
    }
    store.replace(next, LOG).unwrap();
    dir
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn replaying_any_log_gives_what_living_through_it_gave(
        happenings in prop::collection::vec(happening(), 1..60),
        deliveries in prop::collection::vec(delivery(), 1..12),
        holes in any::<bool>(),
    ) {
        let log = log_of(happenings.clone(), false);
        let lived = contents(&lived_through(&log, &deliveries));
        prop_assert_eq!(&lived, &contents(&replayed(&log)));
        prop_assert_eq!(&lived, &contents(&built_beside(&log)));
        if holes {
            // What was erased is gone from the log by then.
            let log = log_of(happenings, true);
            let (rows, words) = contents(&replayed(&log));
            prop_assert_eq!(&lived.1, &words);
            prop_assert_eq!(listed(&lived.0), listed(&rows));
        }
    }
}

/// The rows without what only tells that there once was more: the numbers of conversations, and figures that are nothing.
fn listed(rows: &[Vec<Value>]) -> Vec<String> {
    let empty = |value: &Value| matches!(value, Value::Null | Value::Integer(0));
    let mut listed: Vec<_> =
        rows.iter().filter(|row| row.len() == 14).map(|row| format!("{:?} {:?}", row[0], &row[2..])).collect();
    listed
        .extend(rows.iter().filter(|row| row.len() == 6 && !row[1..].iter().all(empty)).map(|row| format!("{row:?}")));
    listed.sort();
    listed
}
