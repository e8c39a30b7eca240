//! Several processes on one log: each a registry of its own, with a bus between them that the test can cut.

use std::sync::Arc;
use std::time::Duration;

use chat_actors::{Attachment, Refusal, Registry, Services, Settings, Stage};
use chat_schema::{FailureReason, Rating};
use tokio::time::{sleep, timeout};

use crate::bench::{Bench, PATIENCE, conversation, ended, message, until};
use crate::faulty_log::FaultyLog;
use crate::memory_bus::{Connection, MemoryBus};
use crate::puppet::{Call, Puppet};

const DONE: Stage = Stage::Done { stopped: false };
const ABANDONED: Stage = Stage::Failed(FailureReason::Abandoned);

pub(super) struct Replica {
    pub(super) bench: Bench,
    pub(super) connection: Arc<Connection>,
}

impl std::ops::Deref for Replica {
    type Target = Bench;

    fn deref(&self) -> &Bench {
        &self.bench
    }
}

/// `COUNT` processes that share a log, and the bus between them.
fn replicas<const COUNT: usize>() -> ([Replica; COUNT], MemoryBus) {
    replicas_on(MemoryBus::default())
}

/// The same over another bus.
pub(super) fn replicas_on<const COUNT: usize>(bus: MemoryBus) -> ([Replica; COUNT], MemoryBus) {
    let shared = FaultyLog::new();
    let replicas = [(); COUNT].map(|()| {
        let log = Arc::new(shared.beside());
        let (puppet, connection) = (Arc::new(Puppet::default()), bus.connect());
        // An owner waits longer than the test does for what others decide.
        let settings = Settings { ending_patience: 2 * PATIENCE, ..Settings::default() };
        let services = Services::new(log.clone(), Some(connection.clone()), puppet.clone(), settings);
        let services = Arc::new(services);
        let registry = Registry::new(Arc::clone(&services));
        actix::spawn(registry.clone().live_among_peers());
        Replica { bench: Bench { log: log.clone(), puppet, services, registry }, connection }
    });
    (replicas, bus)
}

impl Replica {
    /// Sends a message whose answer has begun when this returns.
    pub(super) async fn begin(&self, id: &str, text: &str) -> (Attachment, Call) {
        let mut attachment = self.send(id, text).await;
        let call = self.puppet.next_call().await;
        until(&mut attachment, |progress| progress.stage() == Stage::Answering).await;
        (attachment, call)
    }

    /// Waits until the log ends with an event of this kind.
    async fn until_stored(&self, last: &str) {
        let stored = async {
            while self.stored().await.last().is_none_or(|stored| stored != last) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, stored).await.unwrap_or_else(|_| panic!("{last} is never stored"));
    }
}

pub(super) async fn shows(attachment: &mut Attachment, text: &str) {
    until(attachment, |progress| progress.text() == text && progress.stage() == Stage::Answering).await;
}

#[actix::test]
async fn a_message_sent_again_to_another_process_gets_the_running_answer_from_its_first_token() {
    let ([one, other], _bus) = replicas();
    let (mut first, mut call) = one.begin("a", "hi").await;
    call.token("from ");
    shows(&mut first, "from ").await;
    let mut second = other.send("a", "hi").await;
    shows(&mut second, "from ").await;

    call.token("the ");
    shows(&mut second, "from the ").await;
    call.token("first");
    call.finish();
    assert_eq!((ended(&mut first).await, ended(&mut second).await), (DONE, DONE));
    assert_eq!(second.progress.borrow().text(), "from the first");
    assert_eq!(second.progress.borrow().tokens(0).collect::<Vec<_>>(), ["from ", "the ", "first"]);
    assert_eq!(one.stored().await, ["user hi", "assistant from the first"]);
    assert_eq!(other.puppet.calls(), 0, "the other process asked the model too");
}

#[actix::test]
async fn a_conversation_that_is_live_here_knows_the_turn_that_another_process_began() {
    let ([one, other], _bus) = replicas();
    other.answered("a", "one", "1").await;
    let (_first, mut call) = one.begin("b", "two").await;
    call.token("2");
    let known = async {
        while other.registry.attach(message("b", "two")).await.is_none() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, known).await.expect("the other process never hears of the turn");

    let mut second = other.send("b", "two").await;
    shows(&mut second, "2").await;
    call.finish();
    assert_eq!(ended(&mut second).await, DONE);
    assert_eq!(other.puppet.calls(), 1, "the other process asked the model for an answer that another one gives");
}

#[actix::test]
async fn a_message_waits_for_the_turn_that_another_process_runs() {
    let ([one, other], _bus) = replicas();
    let (mut first, call) = one.begin("a", "one").await;
    let mut second = other.send("b", "two").await;
    let mut third = other.send("c", "three").await;
    assert!(second.queued && third.queued);
    call.say("1");
    assert_eq!(ended(&mut first).await, DONE);

    for (attachment, answer) in [(&mut second, "2"), (&mut third, "3")] {
        other.puppet.next_call().await.say(answer);
        assert_eq!(ended(attachment).await, DONE);
    }
    let stored = ["user one", "assistant 1", "user two", "assistant 2", "user three", "assistant 3"];
    assert_eq!(one.stored().await, stored);
}

#[actix::test]
async fn of_two_processes_that_meet_a_message_at_once_one_answers_and_both_show_it() {
    const ROUNDS: usize = 20;
    let ([one, other], _bus) = replicas();
    for (replica, name) in [(&one, "one"), (&other, "other")] {
        let puppet = Arc::clone(&replica.puppet);
        actix::spawn(async move {
            loop {
                puppet.next_call().await.say_unless_dropped(name);
            }
        });
    }
    let mut expected = Vec::new();
    for round in 0..ROUNDS {
        let (id, text) = (format!("m{round}"), format!("question {round}"));
        let (mut first, mut second) = tokio::join!(one.send(&id, &text), other.send(&id, &text));
        assert_eq!((ended(&mut first).await, ended(&mut second).await), (DONE, DONE));
        let answer = first.progress.borrow().text().to_owned();
        assert_eq!(second.progress.borrow().text(), answer);
        expected.extend([format!("user {text}"), format!("assistant {answer}")]);
    }
    assert_eq!(one.stored().await, expected);
    let cancelled = one.services.cancelled_replies() + other.services.cancelled_replies();
    assert_eq!(one.puppet.calls() + other.puppet.calls(), ROUNDS + cancelled, "a loser's call is not counted");
}

#[actix::test]
async fn a_dead_owners_turn_is_closed_and_the_conversation_goes_on() {
    let ([one, other], _bus) = replicas();
    let (_first, mut call) = one.begin("a", "hi").await;
    call.token("half");
    let mut second = other.send("a", "hi").await;
    shows(&mut second, "half").await;

    one.connection.cut();
    assert_eq!(ended(&mut second).await, ABANDONED);
    let mut retry = other.send("a", "hi").await;
    other.puppet.next_call().await.say("whole");
    assert_eq!(ended(&mut retry).await, DONE);
    assert_eq!(other.stored().await, ["user hi", "failed Abandoned", "attempt 2", "assistant whole"]);
}

#[actix::test]
async fn a_dead_owners_turn_is_closed_by_opening_its_conversation() {
    let ([one, other], _bus) = replicas();
    let (_first, _call) = one.begin("a", "hi").await;
    let abandoned = || other.registry.is_abandoned(conversation(), one.services.owner());
    assert!(!abandoned());
    one.connection.cut();
    let dead = async {
        while !abandoned() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, dead).await.expect("the owner never counts as dead");
    other.registry.wake(conversation());
    other.until_stored("failed Abandoned").await;
}

#[actix::test]
async fn a_turn_whose_owner_left_is_closed_at_once() {
    let ([one, other], _bus) = replicas();
    let (_first, mut call) = one.begin("a", "hi").await;
    call.token("half");
    let mut second = other.send("a", "hi").await;
    shows(&mut second, "half").await;
    one.services.leave().await;
    assert_eq!(ended(&mut second).await, ABANDONED);
}

#[actix::test]
async fn who_asks_for_a_dead_owners_answer_and_saw_nothing_of_it_gets_another() {
    let ([one, other], _bus) = replicas();
    let (_first, mut call) = one.begin("a", "hi").await;
    call.token("half");
    call.until_taken().await;
    one.connection.cut();
    let mut second = other.send("a", "hi").await;
    let mut third = other.send("a", "hi").await;
    other.puppet.next_call().await.say("whole");
    for attachment in [&mut second, &mut third] {
        assert_eq!(ended(attachment).await, DONE);
        assert_eq!(attachment.progress.borrow().text(), "whole");
    }
    assert_eq!(other.stored().await, ["user hi", "failed Abandoned", "attempt 2", "assistant whole"]);
}

#[actix::test]
async fn an_owner_that_others_may_take_for_dead_shows_nothing_more() {
    let ([one, other], _bus) = replicas();
    let (mut first, mut call) = one.begin("a", "hi").await;
    call.token("shown ");
    shows(&mut first, "shown ").await;
    let mut second = other.send("a", "hi").await;
    shows(&mut second, "shown ").await;
    // Who is deaf takes nobody for dead, however long the sleep turns out to be.
    other.connection.cut();
    one.connection.cut();
    sleep_until_the_lease_is_over().await;
    call.token("late");
    call.until_taken().await;
    let replay = one.registry.submit(message("a", "hi")).await;
    assert_eq!(replay.err(), Some(Refusal::StorageUnknown), "what was shown of it is shown again");

    other.connection.mend();
    assert_eq!(ended(&mut second).await, ABANDONED);
    assert_eq!(ended(&mut first).await, Stage::Broken);
    assert_eq!(first.progress.borrow().text(), "shown ", "an attempt that was given up was shown");
    call.until_dropped().await;
    let mut retry = other.send("a", "hi").await;
    other.puppet.next_call().await.say("the other's");
    assert_eq!(ended(&mut retry).await, DONE);
    assert_eq!(one.stored().await, ["user hi", "failed Abandoned", "attempt 2", "assistant the other's"]);
}

/// A process that stood still has its lease back before its next token, and has not read yet what was appended meanwhile.
#[actix::test]
async fn an_owner_that_was_taken_for_dead_between_two_tokens_shows_and_stores_nothing_more() {
    let ([one, other], _bus) = replicas();
    let (mut first, mut call) = one.begin("a", "hi").await;
    call.token("shown ");
    shows(&mut first, "shown ").await;
    let mut second = other.send("a", "hi").await;
    shows(&mut second, "shown ").await;
    one.log.hold_subscriptions();
    one.connection.cut();
    assert_eq!(ended(&mut second).await, ABANDONED);
    let (mut retry, mut again) = other.begin("a", "hi").await;
    again.token("the other's");
    shows(&mut retry, "the other's").await;

    one.connection.mend();
    one.connection.until_echo().await;
    call.token("late");
    call.until_dropped().await;
    assert_eq!(ended(&mut first).await, Stage::Broken);
    assert_eq!(first.progress.borrow().text(), "shown ", "an attempt that was given up was shown");
    assert_eq!(one.services.cancelled_replies(), 1, "the lost call is not counted");
    again.finish();
    assert_eq!(ended(&mut retry).await, DONE);
    assert_eq!(one.stored().await, ["user hi", "failed Abandoned", "attempt 2", "assistant the other's"]);
}

/// A reader that is slow, or whose turn it was not yet when the process stood still.
#[actix::test]
async fn what_was_not_read_before_its_owner_was_taken_for_dead_is_not_read_after() {
    let ([one, other], _bus) = replicas();
    let (mut first, mut call) = one.begin("a", "hi").await;
    call.token("unread");
    shows(&mut first, "unread").await;
    assert_eq!(first.progress.borrow().tokens(0).collect::<Vec<_>>(), ["unread"]);
    let mut second = other.send("a", "hi").await;
    shows(&mut second, "unread").await;
    one.log.hold_subscriptions();
    one.connection.cut();
    assert_eq!(ended(&mut second).await, ABANDONED);

    one.connection.mend();
    one.connection.until_echo().await;
    assert_eq!(first.progress.borrow().tokens(0).count(), 0, "an attempt that was given up can still be read");
    call.token("late");
    assert_eq!(ended(&mut first).await, Stage::Broken);
    assert_eq!(first.progress.borrow().tokens(0).count(), 0);
}

#[actix::test]
async fn an_owner_that_nobody_took_for_dead_goes_on_where_it_was() {
    let ([one], _bus) = replicas();
    let (mut first, mut call) = one.begin("a", "hi").await;
    call.token("one ");
    shows(&mut first, "one ").await;
    one.connection.cut();
    sleep_until_the_lease_is_over().await;
    call.token("two");
    call.until_taken().await;
    assert_eq!(first.progress.borrow().text(), "one ");

    one.connection.mend();
    shows(&mut first, "one two").await;
    call.finish();
    assert_eq!(ended(&mut first).await, DONE);
}

/// The lease is a matter of the clock alone; nothing tells that it is over.
async fn sleep_until_the_lease_is_over() {
    sleep(Duration::from_millis(4500)).await;
}

#[actix::test]
async fn what_is_lost_between_the_processes_is_asked_for_again() {
    let ([one, other], bus) = replicas();
    let (_first, mut call) = one.begin("a", "hi").await;
    bus.lose_every(4);
    let mut second = other.send("a", "hi").await;
    let mut text = String::new();
    for number in 0..4 {
        let token = format!("{number} ");
        call.token(&token);
        text.push_str(&token);
        shows(&mut second, &text).await;
    }
    call.finish();
    assert_eq!(ended(&mut second).await, DONE);
    assert_eq!(second.progress.borrow().text(), text);
}

#[actix::test]
async fn a_stop_reaches_the_process_that_generates_the_answer() {
    let ([one, other], _bus) = replicas();
    let (mut first, mut call) = one.begin("a", "hi").await;
    call.token("half");
    let mut second = other.send("a", "hi").await;
    shows(&mut second, "half").await;
    other.stop("a").await.unwrap();
    call.until_dropped().await;
    for attachment in [&mut first, &mut second] {
        assert_eq!(ended(attachment).await, Stage::Done { stopped: true });
        assert_eq!(attachment.progress.borrow().text(), "half");
    }
    assert_eq!(one.stored().await, ["user hi", "stopped half"]);
}

#[actix::test]
async fn a_rating_at_another_process_costs_a_running_answer_nothing() {
    let ([one, other], _bus) = replicas();
    one.answered("a", "one", "1").await;
    let (mut second, mut call) = one.begin("b", "two").await;
    call.token("2");
    shows(&mut second, "2").await;
    other.rate("a", Some(Rating::Up)).await.unwrap();
    call.finish();
    assert_eq!(ended(&mut second).await, DONE);
    let stored = ["user one", "assistant 1", "user two", "rated a Some(Up)", "assistant 2"];
    assert_eq!(one.stored().await, stored);
}
