//! kill -9: what was acknowledged is there afterwards, and the conversation goes on.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tokio::sync::Mutex;

use crate::support::{Server, Stream, Upstream, WIDGET_KEY, model};

#[tokio::test]
async fn a_kill_during_an_answer_loses_nothing_that_was_acknowledged() {
    let upstream = Upstream::start().await;
    let mut server = Server::with_model(&upstream.base_url());
    upstream.answer(&["1"]);
    server.stream_as("s", "m1", "one").await.answer().await;
    let mut answer = upstream.speak();
    let mut stream = server.stream_as("s", "m2", "two").await;
    answer.token("half of ");
    while stream.next().await.unwrap() != "token half of " {}
    server.crash_and_restart();
    assert_eq!(stream.next().await, None, "the stream was cut");
    let thread = server.thread("s").await;
    let (cut, before) = thread.split_last().unwrap();
    assert_eq!(before, ["user: one", "assistant: 1"]);
    // A turn that was cut is closed soon after the start.
    assert_eq!(cut.strip_suffix(" (failed)").unwrap_or(cut), "user: two");

    upstream.answer(&["3"]);
    assert_eq!(server.stream_as("s", "m3", "three").await.answer().await, "3");
    let thread = server.thread("s").await;
    assert_eq!(thread, ["user: one", "assistant: 1", "user: two (failed)", "user: three", "assistant: 3"]);

    upstream.answer(&["2"]);
    assert_eq!(server.stream_as("s", "m2", "two").await.answer().await, "2");
    let thread = server.thread("s").await;
    assert_eq!(thread, ["user: one", "assistant: 1", "user: two", "assistant: 2", "user: three", "assistant: 3"]);
}

/// What one visitor saw acknowledged of one message.
struct Seen {
    session: String,
    id: String,
    stored: bool,
    answer: Option<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_under_load_loses_nothing_that_was_acknowledged() {
    const VISITORS: usize = 16;
    const ENOUGH: usize = 60;
    let upstream = Upstream::start().await;
    let options = model(&upstream.base_url()).var("RATE_LIMIT_MAX_REQUESTS", 1_000_000);
    let mut server = Server::start(options);

    // One answer is under way at the kill, whatever becomes of the others.
    let mut speaker = upstream.speak();
    let mut cut = server.stream_as("cut", "m0", "question 0").await;
    speaker.token("half of ");
    while cut.next().await.unwrap() != "token half of " {}
    let cut_message = Seen { session: "cut".to_owned(), id: "m0".to_owned(), stored: true, answer: None };
    let seen = Arc::new(Mutex::new(vec![cut_message]));
    for number in 0..10 * ENOUGH {
        upstream.answer(&["answer ", &number.to_string()]);
    }
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let mut visitors = Vec::new();
    for visitor in 0..VISITORS {
        let (http, url) = (server.http.clone(), server.url.clone());
        let (seen, acknowledged) = (Arc::clone(&seen), Arc::clone(&acknowledged));
        visitors.push(tokio::spawn(async move {
            for number in 0.. {
                let (session, id) = (format!("visitor-{visitor}"), format!("m{number}"));
                let body = json!({"sessionId": session, "message": format!("question {number}"), "messageId": id});
                let request = http.post(format!("{url}/chat")).header("x-api-key", WIDGET_KEY).json(&body);
                let mut message = Seen { session, id, stored: false, answer: None };
                if let Ok(response) = request.send().await {
                    let mut stream = Stream::new(response);
                    while let Some(line) = stream.next().await {
                        message.stored |= line == "start";
                        message.answer = line.strip_prefix("done ").map(str::to_owned).or(message.answer);
                    }
                }
                let alive = message.answer.is_some();
                acknowledged.fetch_add(usize::from(alive), Ordering::SeqCst);
                seen.lock().await.push(message);
                if !alive {
                    break;
                }
            }
        }));
    }
    while acknowledged.load(Ordering::SeqCst) < ENOUGH {
        tokio::task::yield_now().await;
    }
    server.kill();
    for visitor in visitors {
        visitor.await.unwrap();
    }
    assert_eq!(cut.next().await, None, "the stream was cut");
    server.restart();
    let seen = seen.lock().await;
    let sessions: BTreeSet<&str> = seen.iter().map(|message| message.session.as_str()).collect();
    assert_eq!(sessions.len(), VISITORS + 1);
    for session in sessions {
        let thread = server.thread(session).await;
        for message in seen.iter().filter(|message| message.session == session && message.stored) {
            let question = format!("user: question {}", message.id.trim_start_matches('m'));
            // A turn that was cut is closed soon after the start.
            let asks = |line: &&String| line.strip_suffix(" (failed)").unwrap_or(line) == question;
            let at = thread.iter().position(|line| asks(&line));
            let at = at.unwrap_or_else(|| panic!("{question} is lost: {thread:?}"));
            assert_eq!(thread.iter().filter(asks).count(), 1, "stored twice");
            if let Some(answer) = &message.answer {
                assert_eq!(thread.get(at + 1), Some(&format!("assistant: {answer}")));
            }
        }
    }
}
