//! What counts as a whole answer, and what is skipped on the way.

use chat_actors::assistant::{Assistant, Piece};
use chat_schema::{FinishReason, Usage};
use futures_util::StreamExt;
use serde_json::json;

use crate::asking::{answered, assistant, next, question, token, whole};
use crate::scripted_upstream::{Gate, Script, ScriptedUpstream};

#[tokio::test]
async fn an_answer_is_its_tokens_and_its_end() {
    let whole = answered(Script::answer(&["Hello", ", ", "world", "!\n"])).await.unwrap();
    assert_eq!(whole.tokens, ["Hello", ", ", "world", "!\n"]);
    assert_eq!((whole.finish_reason, whole.model.as_str(), whole.usage), (FinishReason::Stop, "scripted-1", None));
}

#[tokio::test]
async fn a_token_is_handed_out_before_the_next_one_is_sent() {
    let upstream = ScriptedUpstream::start().await;
    let gate = Gate::default();
    upstream.push(Script::stream().token("one").wait(&gate).token(" two").finish("stop").done().end());
    let mut answer = assistant(&upstream).answer(question());
    assert_eq!(next(&mut answer).await, token("one"));
    gate.notify_one();
    assert_eq!(next(&mut answer).await, token(" two"));
    assert!(matches!(next(&mut answer).await, Ok(Piece::Finished { .. })));
}

#[tokio::test]
async fn an_answer_cut_by_the_models_token_limit_is_whole() {
    let whole = answered(Script::stream().token("long").finish("length").done().end()).await.unwrap();
    assert_eq!(whole.finish_reason, FinishReason::Length);
}

#[tokio::test]
async fn the_text_of_the_chunk_that_finishes_counts() {
    let last = json!({"index": 0, "delta": {"content": "bye"}, "finish_reason": "stop"});
    assert_eq!(answered(Script::stream().choice(&last).done().end()).await.unwrap().text(), "bye");
}

#[tokio::test]
async fn usage_is_taken_from_a_chunk_without_choices() {
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}});
    let script = Script::stream().token("Hi").finish("stop").data(usage).done().end();
    assert_eq!(answered(script).await.unwrap().usage, Some(Usage { prompt_tokens: 12, completion_tokens: 3 }));
}

#[tokio::test]
async fn the_last_of_several_usages_counts_and_a_strange_one_does_not() {
    let with = |usage| json!({"choices": [{"index": 0, "delta": {"content": "a"}}], "usage": usage});
    let script = Script::stream()
        .data(with(json!({"prompt_tokens": 12, "completion_tokens": 1})))
        .data(with(json!({"prompt_tokens": 12, "completion_tokens": 2})))
        .data(with(json!({"prompt_tokens": "many"})))
        .data(with(json!(null)));
    let whole = answered(script.finish("stop").done().end()).await.unwrap();
    assert_eq!(whole.usage, Some(Usage { prompt_tokens: 12, completion_tokens: 2 }));
}

#[tokio::test]
async fn the_configured_model_is_named_when_the_upstream_names_none() {
    let chunk = |model| json!({"model": model, "choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}]});
    for model in [json!(null), json!(""), json!("m".repeat(10_000))] {
        assert_eq!(answered(Script::stream().data(chunk(model)).done().end()).await.unwrap().model, "configured-1");
    }
    let missing = json!({"choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}]});
    assert_eq!(answered(Script::stream().data(missing).done().end()).await.unwrap().model, "configured-1");
}

#[tokio::test]
async fn a_body_may_end_after_the_finish_reason_without_done() {
    let finished = || Script::stream().token("Hi").finish("stop");
    for script in [finished().end(), finished().close(), finished().body("data: [DO").close()] {
        assert_eq!(answered(script).await.unwrap().text(), "Hi");
    }
}

#[tokio::test]
async fn an_upstream_that_goes_silent_after_the_finish_reason_does_not_hold_the_answer_back() {
    for script in [Script::stream().token("Hi").finish("stop"), Script::stream().token("Hi").finish("stop").done()] {
        let upstream = ScriptedUpstream::start().await;
        upstream.push(script.hang());
        let mut answer = assistant(&upstream).answer(question());
        assert_eq!(next(&mut answer).await, token("Hi"));
        tokio::time::pause();
        // Not the helper: its bound on hangs would be reached at once on a paused clock.
        assert!(matches!(answer.next().await, Some(Ok(Piece::Finished { .. }))));
        tokio::time::resume();
        drop(answer);
        upstream.until(|counts| counts.closed_early == 1).await;
    }
}

#[tokio::test]
async fn what_is_not_text_is_skipped() {
    let script = Script::stream()
        .body(": OPENROUTER PROCESSING\n\n")
        .data("null")
        .data("")
        .data("{}")
        .body("event: ping\ndata: {\"type\":\"ping\"}\n\n")
        .body("id: 7\nretry: 10\n\n")
        .data(json!({"choices": [], "prompt_filter_results": [{}]}))
        .data(json!({"choices": null, "error": null, "usage": null}))
        .choice(&json!({"index": 0, "delta": {"role": "assistant", "content": ""}}))
        .choice(&json!({"index": 0, "delta": {"role": "assistant", "content": null, "refusal": null}}))
        .choice(&json!({"index": 0, "delta": {"reasoning_content": "hm"}, "logprobs": null}))
        .choice(&json!({"index": 0, "delta": null, "finish_reason": ""}))
        .choice(&json!({"index": 1, "delta": {"content": "another choice"}, "finish_reason": "content_filter"}))
        .token("only this")
        .body("event: message\ndata: {\"choices\":[]}\n\n")
        .finish("stop")
        .choice(&json!({"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}))
        .done()
        .data(json!({"error": "after the end"}))
        .end();
    assert_eq!(answered(script).await.unwrap().tokens, ["only this"]);
}

#[tokio::test]
async fn any_media_type_but_json_is_read_as_events() {
    for content_type in ["text/event-stream", "text/plain", "application/octet-stream"] {
        let script = Script::stream_of(content_type).token("Hi").finish("stop").done().end();
        assert_eq!(answered(script).await.unwrap().text(), "Hi");
    }
    let bare = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\ndata: {\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}";
    assert_eq!(answered(Script::nothing().raw(bare).close()).await.unwrap().text(), "Hi");
}

#[tokio::test]
async fn answers_of_one_assistant_do_not_mix() {
    let upstream = ScriptedUpstream::start().await;
    let gate = Gate::default();
    upstream.push(Script::stream().token("a1").wait(&gate).token("a2").finish("stop").done().end());
    upstream.push(Script::answer(&["b1", "b2"]));
    let assistant = assistant(&upstream);
    let mut first = assistant.answer(question());
    assert_eq!(next(&mut first).await, token("a1"));
    assert_eq!(whole(assistant.answer(question())).await.unwrap().text(), "b1b2");
    gate.notify_one();
    assert_eq!(whole(first).await.unwrap().text(), "a2");
}
