//! However the network cuts a body, the answer is the same.

use chat_actors::assistant::Assistant;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::json;

use crate::asking::{Whole, answered, assistant, question, whole};
use crate::scripted_upstream::{Script, ScriptedUpstream};

const TOKENS: [&str; 5] = ["Grüß dich ", "👩🏽‍🚀", "🦀 — ", "日本語", "\r\n\u{feff}\u{2028}!"];

fn body(line_end: &str) -> String {
    let mut body = "\u{feff}: hello".to_owned() + line_end + line_end;
    for token in TOKENS {
        let chunk = json!({"model": "scripted-1", "choices": [{"index": 0, "delta": {"content": token}}]}).to_string();
        let (first, second) = chunk.split_at(chunk.find(",\"model\"").unwrap());
        body.push_str(&format!("data: {first}{line_end}data: {second}{line_end}{line_end}"));
    }
    for data in [r#"{"choices":[{"finish_reason":"stop"}]}"#, "null", "[DONE]"] {
        body.push_str(&format!("data: {data}{line_end}{line_end}"));
    }
    body
}

fn split(body: &str, mut cuts: Vec<usize>) -> Script {
    cuts.sort_unstable();
    let mut script = Script::stream();
    let mut start = 0;
    for cut in cuts.into_iter().chain([body.len()]) {
        script = script.body(&body.as_bytes()[start..cut]);
        start = cut;
    }
    script.end()
}

fn expect(whole: &Whole) {
    assert_eq!(whole.tokens, TOKENS);
    assert_eq!(whole.model, "scripted-1");
}

#[tokio::test]
async fn events_may_end_in_any_line_end_and_span_lines() {
    for line_end in ["\n", "\r\n", "\r"] {
        expect(&answered(split(&body(line_end), Vec::new())).await.unwrap());
    }
}

#[tokio::test]
async fn a_body_may_be_cut_at_every_byte() {
    let upstream = ScriptedUpstream::start().await;
    let assistant = assistant(&upstream);
    for line_end in ["\n", "\r\n"] {
        let body = body(line_end);
        for cut in 1..body.len() {
            upstream.push(split(&body, vec![cut]));
            expect(&whole(assistant.answer(question())).await.unwrap());
        }
        upstream.push(split(&body, (1..body.len()).collect()));
        expect(&whole(assistant.answer(question())).await.unwrap());
    }
}

#[test]
fn a_body_may_be_cut_at_any_bytes() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (upstream, assistant) = runtime.block_on(async {
        let upstream = ScriptedUpstream::start().await;
        let assistant = assistant(&upstream);
        (upstream, assistant)
    });
    let bodies = ["\n", "\r\n", "\r"].map(body);
    let longest = bodies.iter().map(String::len).max().unwrap();
    let cases = (0..bodies.len(), vec(0..longest, 0..40));
    TestRunner::default()
        .run(&cases, |(which, cuts)| {
            let body = &bodies[which];
            upstream.push(split(body, cuts.into_iter().map(|cut| cut.min(body.len())).collect()));
            expect(&runtime.block_on(whole(assistant.answer(question()))).unwrap());
            Ok(())
        })
        .unwrap();
}

proptest! {
    #[test]
    fn any_text_comes_through_as_it_was(tokens in vec(".*", 1..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let tokens: Vec<&str> = tokens.iter().map(String::as_str).chain(["."]).collect();
        let whole = runtime.block_on(answered(Script::answer(&tokens))).unwrap();
        prop_assert_eq!(whole.text(), tokens.concat());
    }
}
