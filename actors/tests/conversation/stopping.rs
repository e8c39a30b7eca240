//! Stopping an answer: what there is is stored, the model is left alone.

use chat_actors::{Refusal, Stage};

use crate::bench::{Bench, ended};

const STOPPED: Stage = Stage::Done { stopped: true };

#[actix::test]
async fn a_stopped_answer_is_stored_as_far_as_it_got_and_the_model_is_dropped() {
    let bench = Bench::new();
    let (mut attachment, call) = bench.answering("a", "hi", "Hel").await;
    assert_eq!(bench.stop("a").await, Ok(()));
    assert_eq!(ended(&mut attachment).await, STOPPED);
    assert_eq!(attachment.progress.borrow().text(), "Hel");
    call.until_dropped().await;
    assert_eq!(bench.stored().await, ["user hi", "stopped Hel"]);
    assert_eq!(bench.services.running_replies(), 0);

    let mut next = bench.send("b", "more").await;
    let call = bench.puppet.next_call().await;
    assert_eq!(call.question_history(), ["hi", "Hel", "more"]);
    call.say("ok");
    assert_eq!(ended(&mut next).await, Stage::Done { stopped: false });
}

#[actix::test]
async fn a_model_that_has_not_said_a_word_is_stopped() {
    let bench = Bench::new();
    let mut attachment = bench.send("a", "hi").await;
    let call = bench.puppet.next_call().await;
    crate::bench::until(&mut attachment, |progress| progress.stage() == Stage::Answering).await;
    assert_eq!(bench.stop("a").await, Ok(()));
    assert_eq!(ended(&mut attachment).await, STOPPED);
    call.until_dropped().await;
    assert_eq!(bench.stored().await, ["user hi", "stopped "]);

    let mut next = bench.send("b", "more").await;
    let call = bench.puppet.next_call().await;
    assert_eq!(call.question_history(), ["more"], "nothing was answered yet");
    call.say("ok");
    ended(&mut next).await;
}

#[actix::test]
async fn a_retry_of_a_stopped_message_returns_what_was_stored() {
    let bench = Bench::new();
    let (mut attachment, _call) = bench.answering("a", "hi", "Hel").await;
    bench.stop("a").await.unwrap();
    ended(&mut attachment).await;
    for bench in [&bench, &bench.restarted()] {
        let mut again = bench.send("a", "hi").await;
        assert_eq!(ended(&mut again).await, STOPPED);
        assert_eq!(again.progress.borrow().text(), "Hel");
    }
    assert_eq!(bench.puppet.calls(), 1);
}

#[actix::test]
async fn a_stop_before_the_message_is_durable_takes_effect_right_after() {
    let bench = Bench::new();
    let release = bench.log.hold_next_append();
    let mut attachment = bench.send("a", "hi").await;
    let mut call = bench.puppet.next_call().await;
    call.token("early");
    call.until_taken().await;
    assert_eq!(bench.stop("a").await, Ok(()));
    call.until_dropped().await;
    assert_eq!(attachment.progress.borrow().stage(), Stage::Waiting, "it is not durable yet");
    release.notify_one();
    assert_eq!(ended(&mut attachment).await, STOPPED);
    assert_eq!(attachment.progress.borrow().text(), "");
    assert_eq!(bench.stored().await, ["user hi", "stopped "]);
}

#[actix::test]
async fn a_stopped_waiting_message_is_stored_in_its_turn_without_asking_the_model() {
    let bench = Bench::new();
    let (mut first, call) = bench.answering("a", "one", "1").await;
    let (mut second, mut third) = (bench.send("b", "two").await, bench.send("c", "three").await);
    assert_eq!(bench.stop("b").await, Ok(()));
    assert_eq!(second.progress.borrow().stage(), Stage::Waiting);
    call.finish();
    assert_eq!(ended(&mut first).await, Stage::Done { stopped: false });
    assert_eq!(ended(&mut second).await, STOPPED);
    let call = bench.puppet.next_call().await;
    assert_eq!(call.question_history(), ["one", "1", "three"]);
    call.say("3");
    assert_eq!(ended(&mut third).await, Stage::Done { stopped: false });
    let stored = bench.stored().await;
    assert_eq!(stored, ["user one", "assistant 1", "user two", "stopped ", "user three", "assistant 3"]);
}

#[actix::test]
async fn an_end_that_has_arrived_wins_over_a_stop() {
    let bench = Bench::new();
    let (mut attachment, mut call) = bench.answering("a", "hi", "Hel").await;
    call.token("lo");
    call.finish();
    assert_eq!(bench.stop("a").await, Ok(()));
    assert_eq!(ended(&mut attachment).await, Stage::Done { stopped: false });
    assert_eq!(bench.stored().await, ["user hi", "assistant Hello"]);
}

#[actix::test]
async fn a_stop_while_the_answer_is_being_stored_changes_nothing() {
    let bench = Bench::new();
    let (mut attachment, call) = bench.answering("a", "hi", "Hello").await;
    let release = bench.log.hold_next_append();
    call.finish();
    bench.log.until_held().await;
    assert_eq!(bench.stop("a").await, Ok(()));
    release.notify_one();
    assert_eq!(ended(&mut attachment).await, Stage::Done { stopped: false });
    assert_eq!(bench.stored().await, ["user hi", "assistant Hello"]);
}

#[actix::test]
async fn stopping_what_has_ended_changes_nothing_and_what_was_never_said_is_refused() {
    let bench = Bench::new();
    bench.answered("a", "hi", "hello").await;
    let (mut attachment, _call) = bench.answering("b", "more", "ok").await;
    for _ in 0..2 {
        assert_eq!(bench.stop("b").await, Ok(()));
    }
    ended(&mut attachment).await;
    for bench in [&bench, &bench.restarted()] {
        for id in ["a", "b"] {
            assert_eq!(bench.stop(id).await, Ok(()));
        }
        assert_eq!(bench.stop("c").await, Err(Refusal::MessageNotFound));
    }
    assert_eq!(bench.stored().await, ["user hi", "assistant hello", "user more", "stopped ok"]);
}

#[actix::test]
async fn a_new_attempt_can_be_stopped() {
    let bench = Bench::new();
    let (mut attachment, call) = bench.answering("a", "hi", "half").await;
    call.panic();
    while attachment.progress.changed().await.is_ok() {}
    let (mut attachment, _call) = bench.answering("a", "hi", "Hel").await;
    assert_eq!(bench.stop("a").await, Ok(()));
    assert_eq!(ended(&mut attachment).await, STOPPED);
    assert_eq!(bench.stored().await, ["user hi", "failed Abandoned", "attempt 2", "stopped Hel"]);
}
