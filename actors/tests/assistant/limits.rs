//! The limits every answer has, on a clock that the tests move.

use std::sync::Arc;
use std::time::Duration;

use async_stream::stream;
use chat_actors::assistant::{Answer, Assistant, Limits, Piece, limited};
use chat_schema::FailureReason::{self, Filtered, TimedOut, TooLong};
use chat_schema::FinishReason;
use futures_util::StreamExt;
use tokio::time::{Instant, sleep};

use crate::asking::{assistant, question, token};
use crate::scripted_upstream::{Script, ScriptedUpstream};

const LIMITS: Limits = Limits {
    first_token: Duration::from_secs(60),
    between_tokens: Duration::from_secs(30),
    whole_answer: Duration::from_secs(300),
    max_answer_bytes: 10,
};

fn finished() -> Result<Piece, FailureReason> {
    Ok(Piece::Finished { finish_reason: FinishReason::Stop, model: "test".to_owned(), usage: None })
}

/// Sends each token after its seconds, then the end after `end` seconds; holds `held` as long as it lives.
fn slow(tokens: Vec<(u64, &'static str)>, end: u64, held: Arc<()>) -> Answer {
    stream! {
        for (seconds, text) in tokens {
            sleep(Duration::from_secs(seconds)).await;
            yield token(text);
        }
        sleep(Duration::from_secs(end)).await;
        yield finished();
        drop(held);
    }
    .boxed()
}

/// The pieces, and after how many seconds they ended.
async fn pieces(tokens: Vec<(u64, &'static str)>, end: u64) -> (Vec<Result<Piece, FailureReason>>, u64) {
    let began = Instant::now();
    let pieces = limited(slow(tokens, end, Arc::default()), LIMITS).collect().await;
    (pieces, began.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn an_answer_within_its_limits_comes_through_whole() {
    let (pieces, _) = pieces(vec![(59, "01234"), (29, "56789")], 29).await;
    assert_eq!(pieces, [token("01234"), token("56789"), finished()]);
}

#[tokio::test(start_paused = true)]
async fn the_first_token_is_waited_for_only_so_long() {
    assert_eq!(pieces(vec![(61, "a")], 0).await, (vec![Err(TimedOut)], 60));
    assert_eq!(pieces(vec![], 61).await, (vec![Err(TimedOut)], 60));
}

#[tokio::test(start_paused = true)]
async fn the_next_token_and_the_end_are_waited_for_only_so_long() {
    assert_eq!(pieces(vec![(1, "a"), (31, "b")], 0).await, (vec![token("a"), Err(TimedOut)], 31));
    assert_eq!(pieces(vec![(1, "a"), (29, "b")], 31).await, (vec![token("a"), token("b"), Err(TimedOut)], 60));
}

#[tokio::test(start_paused = true)]
async fn a_steady_trickle_ends_with_the_time_for_the_whole_answer() {
    let limits = Limits { max_answer_bytes: 1000, ..LIMITS };
    let began = Instant::now();
    let pieces: Vec<_> = limited(slow(vec![(21, "a"); 100], 0, Arc::default()), limits).collect().await;
    assert_eq!((pieces.len(), pieces.last(), began.elapsed().as_secs()), (15, Some(&Err(TimedOut)), 300));
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_too_many_bytes_is_given_up_without_its_last_token() {
    assert_eq!(pieces(vec![(0, "01234"), (0, "5678é")], 0).await.0, [token("01234"), Err(TooLong)]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_the_assistant_comes_through() {
    let answer = futures_util::stream::iter([token("a"), Err(Filtered)]).boxed();
    assert_eq!(limited(answer, LIMITS).collect::<Vec<_>>().await, [token("a"), Err(Filtered)]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_not_held_against_the_assistant() {
    let mut answer = limited(slow(vec![(1, "a"), (1, "b")], 1, Arc::default()), LIMITS);
    assert_eq!(answer.next().await, Some(token("a")));
    sleep(Duration::from_secs(200)).await;
    assert_eq!(answer.next().await, Some(token("b")));
}

#[tokio::test(start_paused = true)]
async fn what_exceeds_its_limits_is_dropped_before_the_failure_is_told() {
    for tokens in [vec![(61, "late")], vec![(0, "01234567890")]] {
        let held = Arc::new(());
        let mut answer = limited(slow(tokens, 0, Arc::clone(&held)), LIMITS);
        assert!(answer.next().await.unwrap().is_err());
        assert_eq!(Arc::strong_count(&held), 1);
    }
}

#[tokio::test]
async fn an_upstream_that_hangs_loses_its_connection_when_the_time_is_over() {
    for script in [Script::nothing().hang(), Script::stream().hang()] {
        let upstream = ScriptedUpstream::start().await;
        upstream.push(script);
        let mut answer = limited(assistant(&upstream).answer(question()), Limits::default());
        tokio::select! {
            piece = answer.next() => panic!("{piece:?}"),
            () = upstream.until(|counts| counts.requests == 1) => {}
        }
        tokio::time::pause();
        assert_eq!(answer.next().await, Some(Err(TimedOut)));
        tokio::time::resume();
        upstream.until(|counts| counts.closed_early == 1).await;
    }
}
