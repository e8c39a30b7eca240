//! The demo assistant.

use std::time::Duration;

use chat_actors::assistant::{Assistant, DemoAssistant, PromptMessage};
use chat_schema::FinishReason;
use chat_schema::Role::{Assistant as Model, User};
use futures_util::StreamExt;
use tokio::time::Instant;

use crate::asking::{Whole, question, said, whole};

async fn answer(history: Vec<PromptMessage>) -> Whole {
    whole(DemoAssistant.answer(history)).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn it_says_what_it_is_what_it_was_asked_and_how_to_get_a_real_model() {
    let whole = answer(question()).await;
    assert!(whole.text().starts_with("This is the demo assistant"));
    assert!(whole.text().contains("“Where is my parcel?”"));
    assert!(whole.text().contains("OPENAI_API_KEY"));
    assert_eq!((whole.finish_reason, whole.model.as_str(), whole.usage), (FinishReason::Stop, "demo", None));
}

#[tokio::test(start_paused = true)]
async fn it_says_so_in_every_answer_and_quotes_the_newest_message() {
    let history = vec![said(User, "first"), said(Model, "answer"), said(User, "second")];
    let text = answer(history).await.text();
    assert!(text.starts_with("This is the demo assistant"));
    assert!(text.contains("“second”") && !text.contains("first"));
}

#[tokio::test(start_paused = true)]
async fn the_same_history_gets_the_same_tokens() {
    assert_eq!(answer(question()).await, answer(question()).await);
    assert_ne!(answer(question()).await, answer(vec![said(User, "Hello?")]).await);
}

#[tokio::test(start_paused = true)]
async fn it_streams_word_by_word_within_a_second() {
    let began = Instant::now();
    let first = DemoAssistant.answer(question()).next().await;
    assert_eq!((first, began.elapsed()), (Some(crate::asking::token("This ")), Duration::ZERO));
    for history in [question(), vec![said(User, &"word ".repeat(800))], vec![said(User, &"🦀".repeat(4000))]] {
        let began = Instant::now();
        let whole = answer(history).await;
        assert!(whole.tokens.len() > 20);
        assert!(began.elapsed() > Duration::from_millis(300) && began.elapsed() < Duration::from_secs(1));
    }
}

#[tokio::test(start_paused = true)]
async fn any_history_is_answered() {
    for history in [vec![], vec![said(User, "")], vec![said(Model, "Hi")], vec![said(User, "\u{202e}\0\n")]] {
        let text = answer(history).await.text();
        assert!(!text.contains(['\0', '\u{202e}']));
    }
}
