//! Turns: stored, answered, queued, and what the log's faults do to them.

use std::time::Duration;

use chat_actors::{Refusal, SendMessage, Settings, Stage};
use chat_schema::{Event, FailureReason, Rating};
use tokio::time::timeout;

use crate::bench::{Bench, PATIENCE, conversation, ended, message, session, until};
use crate::faulty_log::Fault;

#[actix::test]
async fn nothing_is_shown_before_the_log_acknowledged_though_the_model_is_already_asked() {
    let bench = Bench::new();
    let release = bench.log.hold_next_append();
    let mut attachment = bench.send("a", "hi").await;
    let mut answer = bench.puppet.next_call().await;
    answer.token("early ");
    answer.until_taken().await;
    assert_eq!(attachment.progress.borrow().stage(), Stage::Waiting);
    assert_eq!(attachment.progress.borrow().text(), "");
    assert_eq!(bench.stored().await, Vec::<String>::new());

    release.notify_one();
    until(&mut attachment, |progress| progress.text() == "early ").await;
    answer.token("bird");
    answer.finish();
    assert_eq!(ended(&mut attachment).await, Stage::Done { stopped: false });
    assert_eq!(attachment.progress.borrow().text(), "early bird");
    assert_eq!(bench.stored().await, ["user hi", "assistant early bird"]);
}

#[actix::test]
async fn a_panicking_turn_gives_an_error_and_the_conversation_goes_on() {
    let bench = Bench::new();
    let mut attachment = bench.send("a", "hi").await;
    let answer = bench.puppet.next_call().await;
    until(&mut attachment, |progress| progress.stage() == Stage::Answering).await;
    answer.panic();
    let died = timeout(PATIENCE, attachment.progress.wait_for(|progress| progress.stage().is_final())).await;
    assert!(died.expect("the caller hangs").is_err());

    let mut again = bench.send("a", "hi").await;
    bench.puppet.next_call().await.say("hello");
    assert_eq!(ended(&mut again).await, Stage::Done { stopped: false });
    assert_eq!(bench.stored().await, ["user hi", "failed Abandoned", "attempt 2", "assistant hello"]);
}

#[actix::test]
async fn messages_are_answered_one_after_another_and_the_sixth_is_refused() {
    let bench = Bench::new();
    let mut attachments = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        attachments.push(bench.send(name, name).await);
    }
    assert!(matches!(bench.registry.submit(message("f", "f")).await, Err(Refusal::ConversationBusy)));
    assert!(bench.send("c", "c").await.known, "a waiting message is attached to, not queued again");
    assert!(matches!(bench.registry.submit(message("c", "other")).await, Err(Refusal::MessageIdUsed)));
    for attachment in &mut attachments {
        bench.puppet.next_call().await.say("ok");
        assert_eq!(ended(attachment).await, Stage::Done { stopped: false });
    }
    let expected: Vec<String> =
        ["a", "b", "c", "d", "e"].iter().flat_map(|name| [format!("user {name}"), "assistant ok".into()]).collect();
    assert_eq!(bench.stored().await, expected);
}

#[actix::test]
async fn a_message_sent_twice_at_once_is_stored_and_answered_once() {
    let bench = Bench::new();
    let (mut first, mut second) = (bench.send("a", "hi").await, bench.send("a", "hi").await);
    assert!(!first.known && second.known);
    bench.puppet.next_call().await.say("hello");
    for attachment in [&mut first, &mut second] {
        assert_eq!(ended(attachment).await, Stage::Done { stopped: false });
        assert_eq!(attachment.progress.borrow().text(), "hello");
    }
    assert_eq!(bench.puppet.calls(), 1);
    assert_eq!(bench.stored().await, ["user hi", "assistant hello"]);
}

#[actix::test]
async fn a_conflict_at_the_start_drops_the_call_and_decides_again() {
    let bench = Bench::new();
    let mut first = bench.send("a", "one").await;
    bench.puppet.next_call().await.say("1");
    ended(&mut first).await;

    // Another process answered a message of the conversation in between.
    bench.log.append_foreign(conversation(), &session(), "x", "between", "other").await;
    let mut second = bench.send("b", "two").await;
    let dropped = bench.puppet.next_call().await;
    dropped.until_dropped().await;
    let answer = bench.puppet.next_call().await;
    assert_eq!(answer.question_history(), ["one", "1", "between", "other", "two"]);
    answer.say("2");
    assert_eq!(ended(&mut second).await, Stage::Done { stopped: false });
    let expected = ["user one", "assistant 1", "user between", "assistant other", "user two", "assistant 2"];
    assert_eq!(bench.stored().await, expected);
}

#[actix::test]
async fn a_conflict_at_the_end_stores_the_answer_on_top() {
    let bench = Bench::new();
    let mut attachment = bench.send("a", "hi").await;
    let answer = bench.puppet.next_call().await;
    until(&mut attachment, |progress| progress.stage() == Stage::Answering).await;
    let rated = Event::MessageRated { message_id: "a".parse().unwrap(), rating: Some(Rating::Up) };
    bench.log.append_event(conversation(), rated).await;
    answer.say("hello");
    assert_eq!(ended(&mut attachment).await, Stage::Done { stopped: false });
    let stored = bench.stored().await;
    assert_eq!((stored.len(), stored[2].as_str()), (3, "assistant hello"));
}

#[actix::test]
async fn an_answer_to_a_turn_that_was_closed_meanwhile_is_dropped() {
    let bench = Bench::new();
    let mut attachment = bench.send("a", "hi").await;
    let answer = bench.puppet.next_call().await;
    until(&mut attachment, |progress| progress.stage() == Stage::Answering).await;
    let closed = Event::ReplyFailed { in_reply_to: "a".parse().unwrap(), reason: FailureReason::Abandoned };
    bench.log.append_event(conversation(), closed).await;
    answer.say("too late");
    assert_eq!(ended(&mut attachment).await, Stage::Broken);
    assert_eq!(bench.stored().await, ["user hi", "failed Abandoned"]);
}

#[actix::test]
async fn a_log_that_is_away_refuses_the_message_and_then_no_model_is_asked() {
    let bench = Bench::new();
    bench.log.fail(Fault::Unavailable, 2);
    let mut refused = bench.send("a", "hi").await;
    assert_eq!(ended(&mut refused).await, Stage::Refused(Refusal::StorageUnavailable));
    let asked = bench.puppet.calls();
    let mut refused = bench.send("a", "hi").await;
    assert_eq!(ended(&mut refused).await, Stage::Refused(Refusal::StorageUnavailable));
    assert_eq!(bench.puppet.calls(), asked, "the log was known to be away");

    let mut taken = bench.send("a", "hi").await;
    bench.puppet.skip_dropped_calls().await.say("hello");
    assert_eq!(ended(&mut taken).await, Stage::Done { stopped: false });
    assert_eq!(bench.stored().await, ["user hi", "assistant hello"]);
}

#[actix::test]
async fn an_append_that_was_stored_without_an_answer_is_not_stored_twice() {
    let bench = Bench::new();
    bench.log.fail(Fault::StoredButUnknown, 1);
    let mut attachment = bench.send("a", "hi").await;
    bench.puppet.next_call().await.say("hello");
    assert_eq!(ended(&mut attachment).await, Stage::Done { stopped: false });
    assert_eq!(bench.stored().await, ["user hi", "assistant hello"]);
}

#[actix::test]
async fn an_append_that_stays_unknown_says_so_and_a_retry_settles_it() {
    let bench = Bench::new();
    // More often than an append is repeated.
    bench.log.fail(Fault::StoredButUnknown, 1000);
    let mut attachment = bench.send("a", "hi").await;
    assert_eq!(ended(&mut attachment).await, Stage::Refused(Refusal::StorageUnknown));
    bench.log.heal();
    let mut retry = bench.send("a", "hi").await;
    bench.puppet.skip_dropped_calls().await.say("hello");
    assert_eq!(ended(&mut retry).await, Stage::Done { stopped: false });
    assert_eq!(bench.stored().await, ["user hi", "failed Abandoned", "attempt 2", "assistant hello"]);
}

#[actix::test]
async fn an_answer_waits_for_a_log_that_comes_back() {
    let bench = Bench::new();
    let mut attachment = bench.send("a", "hi").await;
    let answer = bench.puppet.next_call().await;
    until(&mut attachment, |progress| progress.stage() == Stage::Answering).await;
    bench.log.fail(Fault::Unavailable, 3);
    answer.say("hello");
    assert_eq!(ended(&mut attachment).await, Stage::Done { stopped: false });
    assert_eq!(bench.stored().await, ["user hi", "assistant hello"]);
}

#[actix::test]
async fn an_idle_conversation_leaves_memory_and_comes_back_from_the_log() {
    let bench = Bench::with(Settings { passivate_after: Duration::from_millis(50), ..Settings::default() });
    let mut running = bench.send("a", "hi").await;
    let answer = bench.puppet.next_call().await;
    let other = SendMessage { session_id: "other".parse().unwrap(), ..message("b", "ho") };
    let mut idle = bench.registry.submit(other.clone()).await.unwrap();
    bench.puppet.next_call().await.say("hey");
    ended(&mut idle).await;
    live_conversations(&bench, 1).await;
    answer.say("hello");
    assert_eq!(ended(&mut running).await, Stage::Done { stopped: false }, "a running turn is not passivated");
    live_conversations(&bench, 0).await;

    let mut known = bench.registry.submit(other).await.unwrap();
    assert_eq!(ended(&mut known).await, Stage::Done { stopped: false });
    assert_eq!(known.progress.borrow().text(), "hey");
    assert_eq!(bench.puppet.calls(), 2);
}

async fn live_conversations(bench: &Bench, expected: usize) {
    let left = async {
        while bench.registry.live_conversations() != expected {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, left).await.expect("idle conversations stay in memory");
}

#[actix::test]
async fn more_replies_than_allowed_are_refused_after_a_short_wait() {
    let settings =
        Settings { max_concurrent_replies: 1, admission_patience: Duration::from_millis(100), ..Settings::default() };
    let bench = Bench::with(settings);
    let mut running = bench.send("a", "hi").await;
    let answer = bench.puppet.next_call().await;
    until(&mut running, |progress| progress.stage() == Stage::Answering).await;
    assert_eq!(bench.services.running_replies(), 1);

    let other = SendMessage { session_id: "other".parse().unwrap(), ..message("b", "ho") };
    let mut refused = bench.registry.submit(other.clone()).await.unwrap();
    assert_eq!(ended(&mut refused).await, Stage::Refused(Refusal::Overloaded));

    answer.say("hello");
    ended(&mut running).await;
    let mut taken = bench.registry.submit(other).await.unwrap();
    bench.puppet.next_call().await.say("hey");
    assert_eq!(ended(&mut taken).await, Stage::Done { stopped: false });
}

#[actix::test]
async fn an_answer_nobody_waits_for_is_stored() {
    let bench = Bench::new();
    drop(bench.send("a", "hi").await);
    bench.puppet.next_call().await.say("hello");
    let mut attachment = bench.send("a", "hi").await;
    assert_eq!(ended(&mut attachment).await, Stage::Done { stopped: false });
    assert_eq!(bench.stored().await, ["user hi", "assistant hello"]);
}
