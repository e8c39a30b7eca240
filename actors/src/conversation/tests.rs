//! Given events, when a command, then what is decided.

use chat_schema::{Event, FailureReason, FinishReason, MessageId, OwnerId, Rating, Role, Timings};
use proptest::prelude::*;
use uuid::Uuid;

use super::decide::{Decision, Ending, SendMessage, close_turn, rate, send_message, stop};
use super::state::{Conversation, Outcome};
use crate::progress::Refusal;

const LIMIT: usize = 30;

fn owner() -> OwnerId {
    Uuid::from_u128(7).into()
}

fn id(name: &str) -> MessageId {
    name.parse().unwrap()
}

fn asked(name: &str, content: &str) -> Event {
    Event::UserMessaged {
        message_id: id(name),
        session_id: "s".parse().unwrap(),
        content: content.into(),
        owner: owner(),
    }
}

fn ending(content: &str) -> Ending {
    Ending::Replied {
        content: content.into(),
        model: "m".into(),
        finish_reason: FinishReason::Stop,
        usage: None,
        timings: Timings { first_token_ms: 1, total_ms: 2 },
    }
}

fn replied(name: &str, content: &str) -> Event {
    Event::AssistantReplied {
        in_reply_to: id(name),
        content: content.into(),
        model: "m".into(),
        finish_reason: FinishReason::Stop,
        usage: None,
        timings: Timings { first_token_ms: 1, total_ms: 2 },
    }
}

fn stopped(name: &str, content: &str) -> Event {
    Event::ReplyStopped { in_reply_to: id(name), content: content.into() }
}

fn rated(name: &str, rating: Option<Rating>) -> Event {
    Event::MessageRated { message_id: id(name), rating }
}

fn failed(name: &str) -> Event {
    Event::ReplyFailed { in_reply_to: id(name), reason: FailureReason::Unavailable }
}

fn given(events: &[Event]) -> Conversation {
    events.iter().fold(Conversation::default(), Conversation::evolve)
}

fn message(name: &str, text: &str) -> SendMessage {
    SendMessage {
        session_id: "s".parse().unwrap(),
        message_id: id(name),
        named: true,
        text: text.to_owned().try_into().unwrap(),
    }
}

fn unnamed(name: &str, text: &str) -> SendMessage {
    SendMessage { named: false, ..message(name, text) }
}

fn when<'a>(state: &'a Conversation, message: &SendMessage) -> Result<Decision<'a>, Refusal> {
    send_message(state, message, owner(), LIMIT)
}

fn said(decision: Decision<'_>) -> (Event, Vec<(Role, String)>) {
    match decision {
        Decision::Begin { event, history, .. } => {
            (event, history.into_iter().map(|message| (message.role, message.content)).collect())
        }
        other => panic!("expected a turn to begin, got {other:?}"),
    }
}

fn roles(history: &[(Role, String)]) -> Vec<(Role, &str)> {
    history.iter().map(|(role, text)| (*role, text.as_str())).collect()
}

#[test]
fn a_new_message_begins_a_turn() {
    let (event, history) = said(when(&given(&[]), &message("a", "hi")).unwrap());
    assert_eq!(event, asked("a", "hi"));
    assert_eq!(roles(&history), [(Role::User, "hi")]);
}

#[test]
fn a_message_waits_for_a_turn_that_is_open_elsewhere() {
    let answered = given(&[asked("a", "hi"), failed("a"), asked("b", "ho")]);
    let open = answered.open_turn().unwrap();
    assert_eq!(when(&answered, &message("c", "hey")), Ok(Decision::Wait(open.clone())));
    assert_eq!(when(&answered, &message("a", "hi")), Ok(Decision::Wait(open)), "a new attempt waits too");
}

#[test]
fn an_attempt_that_another_process_runs_is_not_closed_with_an_older_ones_answer() {
    let again = Event::ReplyStarted { in_reply_to: id("a"), attempt: 2, owner: Uuid::from_u128(8).into() };
    let state = given(&[asked("a", "hi"), failed("a"), again]);
    assert_eq!(close_turn(&state, &id("a"), owner(), ending("late")), None);
}

#[test]
fn a_running_message_is_attached_to() {
    let state = given(&[asked("a", "hi")]);
    assert!(matches!(when(&state, &message("a", "hi")), Ok(Decision::Running(turn)) if turn.message_id == id("a")));
}

#[test]
fn an_answered_message_returns_its_answer() {
    let state = given(&[asked("a", "hi"), replied("a", "hello")]);
    assert_eq!(when(&state, &message("a", "hi")), Ok(Decision::Answered { answer: "hello", stopped: false }));
}

#[test]
fn the_same_id_with_another_text_is_refused() {
    for events in
        [vec![asked("a", "hi")], vec![asked("a", "hi"), replied("a", "x")], vec![asked("a", "hi"), failed("a")]]
    {
        assert_eq!(when(&given(&events), &message("a", "ho")), Err(Refusal::MessageIdUsed));
    }
}

#[test]
fn a_failed_message_gets_a_new_attempt_without_a_second_message() {
    let state = given(&[asked("a", "hi"), failed("a")]);
    let second = Event::ReplyStarted { in_reply_to: id("a"), attempt: 2, owner: owner() };
    assert_eq!(said(when(&state, &message("a", "hi")).unwrap()).0, second);

    let state = given(&[asked("a", "hi"), failed("a"), second, failed("a")]);
    let third = Event::ReplyStarted { in_reply_to: id("a"), attempt: 3, owner: owner() };
    assert_eq!(said(when(&state, &message("a", "hi")).unwrap()).0, third);
}

#[test]
fn an_unnamed_repetition_of_the_last_failed_message_is_its_retry() {
    let state = given(&[asked("a", "hi"), failed("a")]);
    let retry = Event::ReplyStarted { in_reply_to: id("a"), attempt: 2, owner: owner() };
    assert_eq!(said(when(&state, &unnamed("b", "hi")).unwrap()).0, retry);
}

#[test]
fn an_unnamed_repetition_of_anything_else_is_a_new_message() {
    for events in [
        vec![asked("a", "hi"), replied("a", "hello")],
        vec![asked("a", "hi"), failed("a"), asked("b", "so?"), replied("b", "yes")],
        vec![asked("a", "hi!"), failed("a")],
    ] {
        assert_eq!(said(when(&given(&events), &unnamed("z", "hi")).unwrap()).0, asked("z", "hi"));
    }
}

#[test]
fn failed_turns_stay_out_of_the_history() {
    let state = given(&[asked("a", "1"), replied("a", "one"), asked("b", "2"), failed("b")]);
    let (_, history) = said(when(&state, &message("c", "3")).unwrap());
    assert_eq!(roles(&history), [(Role::User, "1"), (Role::Assistant, "one"), (Role::User, "3")]);
}

#[test]
fn a_late_retry_is_answered_from_what_came_before_it() {
    let state = given(&[asked("a", "1"), failed("a"), asked("b", "2"), replied("b", "two")]);
    let (_, history) = said(when(&state, &message("a", "1")).unwrap());
    assert_eq!(roles(&history), [(Role::User, "1")]);
}

#[test]
fn the_newest_messages_are_kept() {
    let mut events = Vec::new();
    for n in 0..5 {
        events.extend([asked(&format!("m{n}"), &n.to_string()), replied(&format!("m{n}"), &format!("answer {n}"))]);
    }
    let state = given(&events);
    for (limit, oldest, length) in
        [(1, "new", 1), (2, "answer 4", 2), (3, "4", 3), (4, "answer 3", 4), (5, "3", 5), (100, "0", 11)]
    {
        let decision = send_message(&state, &message("n", "new"), owner(), limit).unwrap();
        let (_, history) = said(decision);
        assert_eq!((history[0].1.as_str(), history.len()), (oldest, length), "limit {limit}");
        assert_eq!(history.last().unwrap().1, "new", "limit {limit}");
    }
}

#[test]
fn an_ended_turn_is_not_ended_again() {
    let open = given(&[asked("a", "hi")]);
    assert_eq!(close_turn(&open, &id("a"), owner(), ending("x")), Some(replied("a", "x")));
    for events in [vec![asked("a", "hi"), replied("a", "x")], vec![asked("a", "hi"), failed("a")], vec![]] {
        assert_eq!(close_turn(&given(&events), &id("a"), owner(), ending("y")), None);
    }
}

#[test]
fn a_turn_left_open_is_closed_as_abandoned() {
    let state = given(&[asked("a", "hi"), replied("a", "x"), asked("b", "ho")]);
    let closing = Event::ReplyFailed { in_reply_to: id("b"), reason: FailureReason::Abandoned };
    assert_eq!(state.open_turn().map(|turn| turn.abandon()), Some(closing.clone()));
    assert_eq!(state.evolve(&closing).open_turn(), None);
}

#[test]
fn an_erased_conversation_knows_nothing() {
    let erased = Event::ConversationErased { erased_events: 2, head: chat_schema::Hash::ZERO };
    let state = given(&[asked("a", "hi"), replied("a", "x"), erased]);
    assert_eq!(said(when(&state, &message("a", "other")).unwrap()).0, asked("a", "other"));
}

fn any_event() -> impl Strategy<Value = Event> {
    let name = prop::sample::select(vec!["a", "b", "c"]);
    (name, 0..7u8, "[a-z]{0,3}").prop_map(|(name, kind, text)| match kind {
        0 | 1 => asked(name, &text),
        2 => replied(name, &text),
        3 => failed(name),
        4 => Event::ReplyStarted { in_reply_to: id(name), attempt: 2, owner: owner() },
        5 => stopped(name, &text),
        _ => rated(name, Some(Rating::Up)),
    })
}

/// Drives a conversation the way the actor does, and returns the events it would have stored.
fn live(commands: &[(u8, u8)]) -> Vec<Event> {
    let mut state = Conversation::default();
    let mut stored = Vec::new();
    for &(name, outcome) in commands {
        let message = message(&format!("m{}", name % 4), &format!("text {}", name % 4));
        let event = match when(&state, &message) {
            Ok(Decision::Begin { event, .. }) => event,
            _ => continue,
        };
        state = state.evolve(&event);
        let closing = match outcome % 3 {
            0 => ending("ok"),
            1 => Ending::Stopped { content: "o".into() },
            _ => Ending::Failed(FailureReason::Unavailable),
        };
        let closing = close_turn(&state, &message.message_id, owner(), closing).expect("the turn has just begun");
        state = state.evolve(&closing);
        stored.extend([event, closing]);
    }
    stored
}

proptest! {
    #[test]
    fn any_events_in_any_order_fold(events in prop::collection::vec(any_event(), 0..40)) {
        let state = given(&events);
        let decision = when(&state, &message("new", "hi")).unwrap();
        if let Some(open) = state.open_turn() {
            prop_assert_eq!(decision, Decision::Wait(open));
            return Ok(());
        }
        let (_, history) = said(decision);
        prop_assert_eq!(history.last().map(|(role, _)| *role), Some(Role::User));
    }

    #[test]
    fn what_the_actor_stores_alternates_and_replays_to_the_same_state(commands in prop::collection::vec((any::<u8>(), any::<u8>()), 0..40)) {
        let stored = live(&commands);
        for (index, event) in stored.iter().enumerate() {
            let opens = matches!(event, Event::UserMessaged { .. } | Event::ReplyStarted { .. });
            prop_assert_eq!(opens, index % 2 == 0, "a turn ends before the next begins");
        }
        for cut in 0..=stored.len() {
            let prefix = given(&stored[..cut]);
            let open = prefix.open_turn().is_some();
            prop_assert_eq!(open, cut % 2 == 1);
            let rest = stored[cut..].iter().fold(prefix, Conversation::evolve);
            prop_assert_eq!(rest, given(&stored), "a replay from any point ends in the same state");
        }
    }

    #[test]
    fn the_history_alternates_and_ends_with_the_visitor(events in prop::collection::vec(any_event(), 0..40), limit in 1usize..12) {
        let history = given(&events).history("hi", None, limit);
        prop_assert!(history.len() <= limit);
        for (index, message) in history.iter().rev().enumerate() {
            prop_assert_eq!(message.role, if index % 2 == 0 { Role::User } else { Role::Assistant });
        }
    }
}

#[test]
fn a_stopped_answer_counts_as_an_answer() {
    let state = given(&[asked("a", "hi"), stopped("a", "hel")]);
    assert!(matches!(&state.turn(&id("a")).unwrap().outcome, Outcome::Answered { stopped: true, .. }));
    assert_eq!(when(&state, &message("a", "hi")), Ok(Decision::Answered { answer: "hel", stopped: true }));
    let (_, history) = said(when(&state, &message("b", "and?")).unwrap());
    assert_eq!(roles(&history), [(Role::User, "hi"), (Role::Assistant, "hel"), (Role::User, "and?")]);
}

#[test]
fn an_answer_stopped_before_its_first_word_stays_out_of_the_history() {
    let state = given(&[asked("a", "hi"), stopped("a", "")]);
    let (_, history) = said(when(&state, &message("b", "and?")).unwrap());
    assert_eq!(roles(&history), [(Role::User, "and?")]);
}

#[test]
fn a_stop_ends_an_open_turn_with_what_there_is_and_no_other() {
    let stopping = || Ending::Stopped { content: "hel".into() };
    assert_eq!(close_turn(&given(&[asked("a", "hi")]), &id("a"), owner(), stopping()), Some(stopped("a", "hel")));
    for ended in [replied("a", "hello"), failed("a"), stopped("a", "he")] {
        assert_eq!(close_turn(&given(&[asked("a", "hi"), ended]), &id("a"), owner(), stopping()), None);
    }
}

#[test]
fn a_stop_of_an_ended_message_changes_nothing_and_of_an_unknown_one_is_refused() {
    for ended in [replied("a", "hello"), failed("a"), stopped("a", "he")] {
        let state = given(&[asked("a", "hi"), ended]);
        assert_eq!(stop(&state, &id("a")), Ok(()));
        assert_eq!(stop(&state, &id("b")), Err(Refusal::MessageNotFound));
    }
}

#[test]
fn a_rating_is_stored_when_it_changes_something() {
    let (up, down) = (Some(Rating::Up), Some(Rating::Down));
    for answer in [replied("a", "hello"), stopped("a", "hel")] {
        let state = given(&[asked("a", "hi"), answer]);
        assert_eq!(rate(&state, &id("a"), None), Ok(None));
        assert_eq!(rate(&state, &id("a"), up), Ok(Some(rated("a", up))));
        let state = state.evolve(&rated("a", up));
        assert_eq!(rate(&state, &id("a"), up), Ok(None));
        assert_eq!(rate(&state, &id("a"), down), Ok(Some(rated("a", down))));
        assert_eq!(rate(&state, &id("a"), None), Ok(Some(rated("a", None))));
    }
}

#[test]
fn only_an_answer_can_be_rated() {
    let attempt = Event::ReplyStarted { in_reply_to: id("a"), attempt: 2, owner: owner() };
    for events in [
        vec![],
        vec![asked("a", "hi")],
        vec![asked("a", "hi"), failed("a")],
        vec![asked("a", "hi"), failed("a"), attempt],
        vec![asked("a", "hi"), stopped("a", "")],
        vec![asked("b", "hi"), replied("b", "hello")],
    ] {
        assert_eq!(rate(&given(&events), &id("a"), Some(Rating::Up)), Err(Refusal::MessageNotFound), "{events:?}");
    }
}
