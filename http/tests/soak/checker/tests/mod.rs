//! Broken histories, each of which the checker has to name.

mod story;

use std::time::Duration;

use chat_eventlog::{Position, Recorded};
use chat_schema::{Head, SealedEvent};
use uuid::Uuid;

use super::{Lateness, Violation};
use crate::seen::{End, Seen};
use story::*;

fn check(log: &[Recorded], seen: &[Seen]) -> Vec<Violation> {
    super::check(log, seen, &Lateness::new())
}

#[test]
fn a_history_that_keeps_every_promise_has_no_violation() {
    assert_eq!(check(&good().log(), &good_sights()), []);
    assert_eq!(check(&[], &[seen("a", 1, End::Refused(503, "service-unavailable".into()))]), []);
}

#[test]
fn an_acknowledged_message_that_is_not_stored_is_lost() {
    assert_eq!(check(&[], &[seen("a", 1, End::Cut)]), [Violation::LostMessage { message: id("a") }]);
    let of_answered = check(&[], &[done("a", 1, "to a")]);
    assert_eq!(of_answered, [Violation::LostMessage { message: id("a") }, Violation::LostAnswer { message: id("a") }]);
}

#[test]
fn an_acknowledged_message_that_is_stored_only_when_it_is_sent_again_was_lost() {
    let mut log = Story::default().user("a").answer("a", "to a").log();
    let at = |millis| {
        let event = log[0].event.envelope.event.clone();
        SealedEvent::seal(Head::EMPTY, conversation(), Uuid::new_v4().into(), millis, event)
    };
    let (before, after) = (at(1_050), at(5_000));
    let sights = [seen("a", 1, End::Cut)];
    log.truncate(1);
    log[0].event = before;
    assert_eq!(check(&log, &sights), []);
    log[0].event = after;
    assert_eq!(check(&log, &sights), [Violation::LateMessage { message: id("a") }]);
}

#[test]
fn an_acknowledged_answer_that_is_not_stored_is_lost() {
    let violations = check(&Story::default().user("a").fail("a").log(), &[done("a", 1, "to a")]);
    assert_eq!(violations, [Violation::LostAnswer { message: id("a") }]);
}

#[test]
fn a_dropped_tail_is_a_lost_answer() {
    let mut log = good().log();
    log.pop();
    assert_eq!(check(&log, &good_sights()), [Violation::LostAnswer { message: id("a") }]);
}

#[test]
fn an_event_dropped_from_the_middle_is_a_gap() {
    let mut log = good().log();
    log.remove(1);
    assert!(check(&log, &good_sights()).contains(&Violation::Gap { conversation: conversation(), version: 2 }));
}

#[test]
fn a_message_or_an_answer_that_is_stored_twice_is_doubled() {
    let (conversation, message) = (conversation(), id("a"));
    let sights = [done("a", 1, "to a")];
    let twice = Story::default().user("a").answer("a", "to a").user("a").answer("a", "to a");
    let violations = check(&twice.log(), &sights);
    assert!(
        violations.contains(&Violation::DoubledMessage { conversation, message: message.clone() }),
        "{violations:?}"
    );
    assert!(
        violations.contains(&Violation::DoubledAnswer { conversation, message: message.clone() }),
        "{violations:?}"
    );

    let answered_twice = Story::default().user("a").answer("a", "to a").answer("a", "to a");
    let violations = check(&answered_twice.log(), &sights);
    assert!(violations.contains(&Violation::StrayEnd { conversation, message }), "{violations:?}");
}

#[test]
fn an_event_that_is_stored_twice_is_doubled() {
    let mut log = good().log();
    let last = log.last().unwrap().clone();
    let event = last.event.envelope.id;
    log.push(last);
    assert!(check(&renumbered(log), &good_sights()).contains(&Violation::DoubledEvent { event }));
}

#[test]
fn two_events_of_one_version_are_a_fork() {
    let mut log = Story::default().user("a").answer("a", "to a").log();
    let other = Story::default().user("a").fail("a").log();
    let first = log[0].event.clone();
    log.push(Recorded {
        position: Position::new(9),
        event: SealedEvent::seal(
            first.head(),
            conversation(),
            Uuid::new_v4().into(),
            9,
            other[1].event.envelope.event.clone(),
        ),
    });
    let violations = check(&log, &[done("a", 1, "to a")]);
    assert!(violations.contains(&Violation::Fork { conversation: conversation(), version: 2 }), "{violations:?}");
}

#[test]
fn a_changed_event_breaks_the_chain() {
    let mut log = good().log();
    let bytes = String::from_utf8(log[3].event.bytes.to_vec()).unwrap().replace("to b", "to B");
    log[3].event = SealedEvent::open(bytes.into_bytes().into(), log[3].event.hash).unwrap();
    let violations = check(&log, &good_sights());
    assert_eq!(
        violations,
        [
            Violation::BrokenChain { conversation: conversation(), version: 4 },
            Violation::WrongAnswer { message: id("b") }
        ]
    );
}

#[test]
fn positions_that_go_back_are_out_of_order() {
    let mut log = good().log();
    log[2].position = Position::new(1);
    let event = log[2].event.envelope.id;
    assert_eq!(check(&log, &good_sights()), [Violation::PositionsOutOfOrder { event }]);
}

#[test]
fn a_turn_that_is_opened_inside_another_is_interleaved() {
    let log = Story::default().user("a").user("b").answer("b", "to b").answer("a", "to a").log();
    let violations = check(&log, &[done("a", 1, "to a"), done("b", 1, "to b")]);
    let conversation = conversation();
    assert_eq!(
        violations,
        [
            Violation::TurnsInterleaved { conversation, open: id("a"), opened: id("b") },
            Violation::StrayEnd { conversation, message: id("a") },
        ]
    );
}

#[test]
fn a_further_attempt_of_what_did_not_fail_is_wrong() {
    let wrong = [Violation::WrongAttempt { conversation: conversation(), message: id("a") }];
    let answered = Story::default().user("a").answer("a", "to a").again("a", 2).fail("a");
    assert_eq!(check(&answered.log(), &[done("a", 1, "to a")]), wrong);
    let skipped = Story::default().user("a").fail("a").again("a", 3).fail("a");
    assert_eq!(check(&skipped.log(), &[seen("a", 1, End::Cut)]), wrong);
}

#[test]
fn other_words_than_the_stored_ones_are_wrong() {
    let log = Story::default().user("a").answer("a", "to a").log();
    assert_eq!(check(&log, &[done("a", 1, "to b")]), [Violation::WrongAnswer { message: id("a") }]);

    let mut without_a_token = done("a", 1, "to a");
    without_a_token.tokens.remove(0);
    assert_eq!(check(&log, &[without_a_token]), [Violation::WrongTokens { message: id("a") }]);

    let mut other_text = done("a", 1, "to a");
    other_text.text = "something else".into();
    assert_eq!(check(&log, &[other_text]), [Violation::WrongMessage { message: id("a") }]);
}

#[test]
fn an_attacher_who_gets_another_answer_is_noticed() {
    let log = Story::default().user("a").answer("a", "to a").log();
    let violations = check(&log, &[done("a", 1, "to a"), done("a", 3, "to A")]);
    assert_eq!(violations, [Violation::WrongAnswer { message: id("a") }, Violation::TwoAnswers { message: id("a") }]);
}

#[test]
fn two_attempts_shown_at_the_same_time_are_noticed_and_one_after_the_other_are_not() {
    let log = Story::default().user("a").fail("a").again("a", 2).answer("a", "second try").log();
    let shown = |asked, words: &str| Seen { tokens: done("a", asked, words).tokens, ..seen("a", asked, End::Cut) };
    assert_eq!(check(&log, &[shown(1, "first t"), done("a", 5, "second try")]), []);
    assert_eq!(check(&log, &[shown(5, "second "), done("a", 5, "second try")]), []);
    let violations = check(&log, &[shown(5, "first t"), done("a", 5, "second try")]);
    assert_eq!(violations, [Violation::TwoAttemptsAtOnce { message: id("a") }]);
}

#[test]
fn an_attempt_that_its_owner_ended_is_shown_up_to_two_seconds_late_and_one_that_others_gave_up_or_nobody_is_not() {
    let again = |failed: Story| failed.again("a", 2).answer("a", "second try").log();
    let by_its_owner = again(Story::default().user("a").break_off("a"));
    let by_others = again(Story::default().user("a").fail("a"));
    let by_both = Story::default().user("a").break_off("a").again("a", 2).fail("a");
    let by_both = by_both.again("a", 3).answer("a", "second try").log();
    let by_nobody = Story::default().user("a").answer("a", "second try").log();
    let mut second = done("a", 5, "second try");
    second.tokens.last_mut().unwrap().0 += Duration::from_secs(10);
    let late = |millis| {
        let mut first = Seen { tokens: done("a", 4, "first t").tokens, ..seen("a", 4, End::Cut) };
        first.tokens.last_mut().unwrap().0 = second.tokens[0].0 + Duration::from_millis(millis);
        [first, second.clone()]
    };
    let at_once = [Violation::TwoAttemptsAtOnce { message: id("a") }];
    assert_eq!(check(&by_its_owner, &late(1999)), []);
    assert_eq!(check(&by_its_owner, &late(2000)), at_once);
    assert_eq!(check(&by_others, &late(1)), at_once);
    assert_eq!(check(&by_both, &late(1)), at_once);
    assert_eq!(check(&by_nobody, &late(1)), at_once);
}

#[test]
fn an_attempt_is_shown_late_where_the_way_is_slow_and_no_later() {
    let log = Story::default().user("a").fail("a").again("a", 2).answer("a", "second try").log();
    let late = Duration::from_millis(200);
    let second = Seen { replica: 1, ..done("a", 5, "second try") };
    let mut first = Seen { tokens: done("a", 4, "first t").tokens, ..seen("a", 4, End::Cut) };
    first.tokens.last_mut().unwrap().0 = second.tokens[0].0 + late;
    let sights = [first, second];
    let checked = |replica, late| super::check(&log, &sights, &Lateness::from([(replica, late)]));
    let at_once = [Violation::TwoAttemptsAtOnce { message: id("a") }];
    assert_eq!(checked(0, late + Duration::from_millis(1)), []);
    assert_eq!(checked(0, late), at_once);
    assert_eq!(checked(2, 10 * late), at_once);
}

#[test]
fn a_message_that_was_acknowledged_before_another_was_sent_stands_before_it() {
    let log = Story::default().user("b").answer("b", "to b").user("a").answer("a", "to a").log();
    let violations = check(&log, &[seen("a", 1, End::Cut), done("b", 3, "to b")]);
    assert_eq!(violations, [Violation::OrderLost { earlier: id("a"), later: id("b") }]);
}

#[test]
fn a_message_of_nobody_or_of_another_conversation_is_noticed() {
    let log = Story::default().user("a").fail("a").log();
    let conversation = conversation();
    assert_eq!(check(&log, &[]), [Violation::UnknownMessage { conversation, message: id("a") }]);

    let log = Story::default().user_of("other".parse().unwrap(), "a").fail("a").log();
    let violations = check(&log, &[seen("a", 1, End::Cut)]);
    assert_eq!(violations, [Violation::WrongConversation { conversation, message: id("a") }]);
}

#[test]
fn an_id_that_is_refused_as_used_is_noticed() {
    let log = Story::default().user("a").fail("a").log();
    let violations = check(&log, &[seen("a", 1, End::Refused(409, "message-id-used".into()))]);
    assert_eq!(violations, [Violation::IdRefused { message: id("a") }]);
}
