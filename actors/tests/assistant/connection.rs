//! When connections are opened, kept and closed.

use std::time::Duration;

use chat_actors::assistant::{Assistant, OpenAiSettings};
use chat_schema::FailureReason::Unavailable;

use crate::asking::{assistant, build, next, question, settings, token, whole};
use crate::scripted_upstream::{Counts, Gate, Script, ScriptedUpstream};

#[tokio::test]
async fn nothing_is_sent_before_the_first_poll() {
    let upstream = ScriptedUpstream::start().await;
    upstream.push(Script::answer(&["Hi"]));
    let assistant = assistant(&upstream);
    drop(assistant.answer(question()));
    assert_eq!(whole(assistant.answer(question())).await.unwrap().text(), "Hi");
    assert_eq!(upstream.counts(), Counts { connections: 1, requests: 1, closed_early: 0 });
}

#[tokio::test]
async fn answers_one_after_another_share_a_connection() {
    let upstream = ScriptedUpstream::start().await;
    let assistant = assistant(&upstream);
    for _ in 0..3 {
        // The end of the body comes apart from `[DONE]`, and only once the client is waiting for it.
        let gate = Gate::default();
        upstream.push(Script::stream().token("Hi").finish("stop").done().wait(&gate).end());
        let mut answer = assistant.answer(question());
        assert_eq!(next(&mut answer).await, token("Hi"));
        gate.notify_one();
        whole(answer).await.unwrap();
    }
    assert_eq!(upstream.counts(), Counts { connections: 1, requests: 3, closed_early: 0 });
}

#[tokio::test]
async fn dropping_an_answer_closes_its_connection() {
    let upstream = ScriptedUpstream::start().await;
    upstream.push(Script::stream().token("Hel").hang());
    let mut answer = assistant(&upstream).answer(question());
    assert_eq!(next(&mut answer).await, token("Hel"));
    drop(answer);
    upstream.until(|counts| counts.closed_early == 1).await;
}

#[tokio::test]
async fn dropping_an_answer_that_has_not_begun_closes_its_connection() {
    let upstream = ScriptedUpstream::start().await;
    upstream.push(Script::nothing().hang());
    let mut answer = assistant(&upstream).answer(question());
    tokio::select! {
        piece = next(&mut answer) => panic!("{piece:?}"),
        () = upstream.until(|counts| counts.requests == 1) => {}
    }
    drop(answer);
    upstream.until(|counts| counts.closed_early == 1).await;
}

#[tokio::test]
async fn a_failed_answer_closes_its_connection() {
    let upstream = ScriptedUpstream::start().await;
    upstream.push(Script::stream().finish("tool_calls").hang());
    assert_eq!(whole(assistant(&upstream).answer(question())).await, Err(Unavailable));
    upstream.until(|counts| counts.closed_early == 1).await;
}

#[tokio::test]
async fn an_assistant_goes_on_after_its_server_was_restarted() {
    let upstream = ScriptedUpstream::start().await;
    upstream.push(Script::answer(&["one"]).close());
    upstream.push(Script::answer(&["two"]));
    let assistant = assistant(&upstream);
    assert_eq!(whole(assistant.answer(question())).await.unwrap().text(), "one");
    assert_eq!(whole(assistant.answer(question())).await.unwrap().text(), "two");
}

#[tokio::test]
async fn a_request_on_a_connection_that_its_server_closes_is_sent_again_on_a_new_one() {
    let upstream = ScriptedUpstream::start().await;
    let assistant = assistant(&upstream);
    let gates = [Gate::default(), Gate::default()];
    let mut answers = Vec::new();
    for gate in &gates {
        upstream.push(Script::stream().token("kept").wait(gate).finish("stop").done().end());
        let mut answer = assistant.answer(question());
        assert_eq!(next(&mut answer).await, token("kept"));
        answers.push(answer);
    }
    for (answer, gate) in answers.into_iter().zip(gates) {
        gate.notify_one();
        whole(answer).await.unwrap();
    }
    upstream.push(Script::nothing().close());
    upstream.push(Script::answer(&["again"]));
    assert_eq!(whole(assistant.answer(question())).await.unwrap().text(), "again");
    // The other connection that was kept is as old, and may be closed as well.
    assert_eq!(upstream.counts(), Counts { connections: 3, requests: 4, closed_early: 0 });
    let [.., refused, again] = &upstream.requests()[..] else { panic!("four requests") };
    assert_eq!((&again.line, &again.headers, &again.body), (&refused.line, &refused.headers, &refused.body));
}

#[tokio::test]
async fn a_server_that_closes_without_an_answer_is_asked_twice_and_no_more() {
    let half_a_head = || Script::nothing().raw("HTTP/1.1 200 OK\r\ncontent-ty").close();
    for [one, two] in [[Script::nothing().close(), Script::nothing().close()], [half_a_head(), half_a_head()]] {
        let upstream = ScriptedUpstream::start().await;
        upstream.push(one);
        upstream.push(two);
        upstream.push(Script::answer(&["Hi"]));
        assert_eq!(whole(assistant(&upstream).answer(question())).await, Err(Unavailable));
        assert_eq!(upstream.counts(), Counts { connections: 2, requests: 2, closed_early: 0 });
    }
}

#[tokio::test]
async fn a_server_that_closes_after_it_had_begun_to_work_is_not_asked_again() {
    let upstream = ScriptedUpstream::start().await;
    let gate = Gate::default();
    upstream.push(Script::nothing().wait(&gate).close());
    upstream.push(Script::answer(&["Hi"]));
    let mut answer = assistant(&upstream).answer(question());
    tokio::select! {
        piece = next(&mut answer) => panic!("{piece:?}"),
        () = upstream.until(|counts| counts.requests == 1) => {}
    }
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(2)).await;
    tokio::time::resume();
    gate.notify_one();
    assert_eq!(whole(answer).await, Err(Unavailable));
    assert_eq!(upstream.counts(), Counts { connections: 1, requests: 1, closed_early: 0 });
}

#[tokio::test]
async fn a_server_that_does_not_complete_tls_is_given_up() {
    let upstream = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("https://{}/v1", upstream.local_addr().unwrap());
    let assistant = build(OpenAiSettings { connect_timeout: Duration::from_millis(50), ..settings(base_url) });
    assert_eq!(whole(assistant.answer(question())).await, Err(Unavailable));
}
