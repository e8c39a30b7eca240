//! What a visitor reads: the log's truth, at once, without an actor.

use chat_schema::{Rating, Role};

use crate::bench::{Bench, ended, session};

async fn lines(bench: &Bench) -> (Vec<String>, Option<String>) {
    let history = bench.registry.history(&session()).await.unwrap();
    let line = |role, text: &str| format!("{}: {text}", if role == Role::User { "user" } else { "assistant" });
    let lines = history.messages.iter().map(|said| line(said.message.role, &said.message.content)).collect();
    (lines, history.running.map(|running| running.message_id.to_string()))
}

#[actix::test]
async fn a_history_has_what_was_acknowledged_and_names_the_running_message() {
    let bench = Bench::new();
    assert_eq!(lines(&bench).await, (vec![], None));
    assert_eq!(bench.registry.live_conversations(), 0, "reading opens no actor");

    bench.answered("a", "hi", "hello").await;
    assert_eq!(lines(&bench).await, (vec!["user: hi".into(), "assistant: hello".into()], None));
    bench.rate("a", Some(Rating::Up)).await.unwrap();
    assert_eq!(bench.registry.history(&session()).await.unwrap().messages[1].message.rating, Some(Rating::Up));

    let (mut attachment, _call) = bench.answering("b", "more", "ok").await;
    let open = ["user: hi", "assistant: hello", "user: more"].map(String::from).to_vec();
    assert_eq!(lines(&bench).await, (open.clone(), Some("b".into())));
    assert_eq!(lines(&bench.restarted()).await, (open.clone(), Some("b".into())), "whoever runs it");
    bench.stop("b").await.unwrap();
    ended(&mut attachment).await;
    let stopped = open.into_iter().chain(["assistant: ok".into()]).collect();
    assert_eq!(lines(&bench).await, (stopped, None));
}
