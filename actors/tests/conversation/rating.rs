//! Ratings: stored between the appends of turns, and never at their cost.

use chat_actors::{Refusal, Stage};
use chat_schema::Rating;

use crate::bench::{Bench, conversation, ended, session};
use crate::faulty_log::Fault;

const UP: Option<Rating> = Some(Rating::Up);
const DOWN: Option<Rating> = Some(Rating::Down);
const DONE: Stage = Stage::Done { stopped: false };

#[actix::test]
async fn a_rating_is_stored_when_it_changes_something() {
    let bench = Bench::new();
    bench.answered("a", "hi", "hello").await;
    for rating in [None, UP, UP, DOWN, None, None] {
        assert_eq!(bench.rate("a", rating).await, Ok(()));
    }
    assert_eq!(bench.rate("a", UP).await, Ok(()));
    assert_eq!(bench.restarted().rate("a", UP).await, Ok(()), "the next process knows it");
    let expected =
        ["user hi", "assistant hello", "rated a Some(Up)", "rated a Some(Down)", "rated a None", "rated a Some(Up)"];
    assert_eq!(bench.stored().await, expected);
}

#[actix::test]
async fn what_has_no_answer_cannot_be_rated() {
    let bench = Bench::new();
    assert_eq!(bench.rate("a", UP).await, Err(Refusal::MessageNotFound));
    let (mut attachment, call) = bench.answering("a", "hi", "Hel").await;
    assert_eq!(bench.rate("a", UP).await, Err(Refusal::MessageNotFound));
    call.finish();
    ended(&mut attachment).await;
    assert_eq!(bench.rate("b", UP).await, Err(Refusal::MessageNotFound));
    assert_eq!(bench.stored().await, ["user hi", "assistant Hel"]);
}

#[actix::test]
async fn a_rating_is_stored_while_another_answer_is_being_generated() {
    let bench = Bench::new();
    bench.answered("a", "hi", "hello").await;
    let (mut attachment, call) = bench.answering("b", "more", "ok").await;
    assert_eq!(bench.rate("a", UP).await, Ok(()));
    call.finish();
    assert_eq!(ended(&mut attachment).await, DONE);
    assert_eq!(bench.puppet.calls(), 2);
    let expected = ["user hi", "assistant hello", "user more", "rated a Some(Up)", "assistant ok"];
    assert_eq!(bench.stored().await, expected);
}

#[actix::test]
async fn a_rating_waits_for_the_append_of_a_message_and_cancels_nothing() {
    let bench = Bench::new();
    bench.answered("a", "hi", "hello").await;
    let release = bench.log.hold_next_append();
    let mut attachment = bench.send("b", "more").await;
    let call = bench.puppet.next_call().await;
    bench.log.until_held().await;
    let rating = actix::spawn(bench.rate("a", UP));
    // The stop passes through the same mailbox, so the rating is there when it returns.
    bench.stop("a").await.unwrap();
    release.notify_one();
    assert_eq!(rating.await.unwrap(), Ok(()));
    call.say("ok");
    assert_eq!(ended(&mut attachment).await, DONE);
    assert_eq!(bench.puppet.calls(), 2, "the model was asked once for each message");
    let expected = ["user hi", "assistant hello", "user more", "rated a Some(Up)", "assistant ok"];
    assert_eq!(bench.stored().await, expected);
}

#[actix::test]
async fn the_end_of_an_answer_waits_for_the_append_of_a_rating() {
    let bench = Bench::new();
    bench.answered("a", "hi", "hello").await;
    let (mut attachment, call) = bench.answering("b", "more", "ok").await;
    let release = bench.log.hold_next_append();
    let rating = actix::spawn(bench.rate("a", UP));
    bench.log.until_held().await;
    call.finish();
    call_ended(&bench).await;
    release.notify_one();
    assert_eq!(rating.await.unwrap(), Ok(()));
    assert_eq!(ended(&mut attachment).await, DONE);
    let expected = ["user hi", "assistant hello", "user more", "rated a Some(Up)", "assistant ok"];
    assert_eq!(bench.stored().await, expected);
}

/// Gives the actor turns enough to take the end of the answer in; it shows nothing of it.
async fn call_ended(bench: &Bench) {
    for _ in 0..10 {
        bench.stop("a").await.unwrap();
    }
}

#[actix::test]
async fn a_message_waits_for_the_append_of_a_rating_and_is_asked_once() {
    let bench = Bench::new();
    bench.answered("a", "hi", "hello").await;
    let release = bench.log.hold_next_append();
    let rating = actix::spawn(bench.rate("a", UP));
    bench.log.until_held().await;
    let mut attachment = bench.send("b", "more").await;
    assert!(!attachment.queued, "no other message is answered first");
    assert_eq!(bench.puppet.calls(), 1, "the model is asked when the message can be stored");
    release.notify_one();
    assert_eq!(rating.await.unwrap(), Ok(()));
    bench.puppet.next_call().await.say("ok");
    assert_eq!(ended(&mut attachment).await, DONE);
    assert_eq!(bench.puppet.calls(), 2);
    let expected = ["user hi", "assistant hello", "rated a Some(Up)", "user more", "assistant ok"];
    assert_eq!(bench.stored().await, expected);
}

#[actix::test]
async fn of_many_ratings_at_once_only_a_few_wait() {
    let bench = Bench::new();
    bench.answered("a", "hi", "hello").await;
    let release = bench.log.hold_next_append();
    let ratings: Vec<_> = [UP, DOWN, UP, DOWN, UP].map(|rating| actix::spawn(bench.rate("a", rating))).into();
    bench.log.until_held().await;
    bench.stop("a").await.unwrap();
    assert_eq!(bench.rate("a", None).await, Err(Refusal::ConversationBusy));
    release.notify_one();
    for rating in ratings {
        assert_eq!(rating.await.unwrap(), Ok(()));
    }
    assert_eq!(bench.stored().await.len(), 7);
}

#[actix::test]
async fn a_rating_the_log_does_not_take_is_refused_and_the_running_answer_goes_on() {
    let bench = Bench::new();
    bench.answered("a", "hi", "hello").await;
    let (mut attachment, call) = bench.answering("b", "more", "ok").await;
    bench.log.fail(Fault::Unavailable, 1);
    assert_eq!(bench.rate("a", UP).await, Err(Refusal::StorageUnavailable));
    assert_eq!(bench.rate("a", UP).await, Ok(()));
    call.finish();
    assert_eq!(ended(&mut attachment).await, DONE);
    assert_eq!(bench.puppet.calls(), 2);
}

#[actix::test]
async fn a_rating_of_unknown_outcome_says_so_and_the_running_answer_is_stored_on_top() {
    let bench = Bench::new();
    bench.answered("a", "hi", "hello").await;
    let (mut attachment, call) = bench.answering("b", "more", "ok").await;
    // More often than an append is repeated.
    bench.log.fail(Fault::StoredButUnknown, 1000);
    assert_eq!(bench.rate("a", UP).await, Err(Refusal::StorageUnknown));
    bench.log.heal();
    call.finish();
    assert_eq!(ended(&mut attachment).await, DONE);
    assert_eq!(bench.rate("a", UP).await, Ok(()), "it had been stored");
    assert_eq!(bench.puppet.calls(), 2);
    let expected = ["user hi", "assistant hello", "user more", "rated a Some(Up)", "assistant ok"];
    assert_eq!(bench.stored().await, expected);
}

#[actix::test]
async fn a_rating_that_meets_a_conflict_is_decided_again() {
    let bench = Bench::new();
    bench.answered("a", "hi", "hello").await;
    bench.log.append_foreign(conversation(), &session(), "x", "between", "other").await;
    assert_eq!(bench.rate("a", UP).await, Ok(()));
    assert_eq!(bench.rate("x", DOWN).await, Ok(()), "the conversation was read again");
    let stored = bench.stored().await;
    assert_eq!(stored[2..], ["user between", "assistant other", "rated a Some(Up)", "rated x Some(Down)"]);
}
