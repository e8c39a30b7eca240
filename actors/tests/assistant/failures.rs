//! What is never taken for an answer.

use chat_actors::assistant::{Assistant, OpenAiSettings};
use chat_schema::FailureReason::{self, Empty, Filtered, Unavailable};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::asking::{answered, build, question, settings, whole};
use crate::scripted_upstream::Script;

async fn failure(script: Script) -> FailureReason {
    answered(script).await.expect_err("this was taken for an answer")
}

fn begun() -> Script {
    Script::stream().token("Hel")
}

#[tokio::test]
async fn an_end_without_a_finish_reason_is_a_cut() {
    let event_cut_in_half = || begun().body("data: {\"choices\":[{\"delta\":{\"con");
    for script in [
        Script::stream().end(),
        Script::stream().done().end(),
        begun().end(),
        begun().close(),
        begun().done().end(),
        event_cut_in_half().end(),
        event_cut_in_half().close(),
        begun().finish("stop").body("data: {\"choices\":[{\"delta\":{\"con").end(),
        Script::nothing().raw("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\ndata: {}\n\n").close(),
        Script::refusal(204, &[], ""),
    ] {
        assert_eq!(failure(script).await, Unavailable);
    }
}

#[tokio::test]
async fn the_content_filter_and_a_refusal_are_no_answers() {
    let refusal = json!({"index": 0, "delta": {"refusal": "I cannot help with that."}});
    assert_eq!(failure(begun().finish("content_filter").done().end()).await, Filtered);
    assert_eq!(failure(Script::stream().choice(&refusal).finish("stop").done().end()).await, Filtered);
}

#[tokio::test]
async fn any_other_finish_reason_is_no_answer() {
    for reason in ["tool_calls", "function_call", "error", "STOP", "eos", "null"] {
        assert_eq!(failure(begun().finish(reason).done().end()).await, Unavailable, "{reason}");
    }
}

#[tokio::test]
async fn an_answer_without_words_is_empty() {
    for tokens in [&[][..], &[""], &[" ", "\n\n", "\t\u{3000}"]] {
        assert_eq!(failure(Script::answer(tokens)).await, Empty, "{tokens:?}");
    }
}

#[tokio::test]
async fn text_after_the_finish_reason_spoils_the_answer() {
    assert_eq!(failure(begun().finish("stop").token("lo").done().end()).await, Unavailable);
}

#[tokio::test]
async fn an_error_in_the_stream_ends_the_answer() {
    for error in [json!({"error": {"message": "overloaded", "code": 529}}), json!({"error": "overloaded"})] {
        assert_eq!(failure(Script::stream().data(&error).end()).await, Unavailable);
        assert_eq!(failure(begun().data(&error).finish("stop").done().end()).await, Unavailable);
        assert_eq!(failure(begun().finish("stop").data(&error).done().end()).await, Unavailable);
    }
    assert_eq!(failure(begun().body("event: error\ndata: {}\n\n").finish("stop").done().end()).await, Unavailable);
}

#[tokio::test]
async fn an_event_that_is_not_understood_ends_the_answer() {
    let content = |value: Value| json!({"choices": [{"index": 0, "delta": {"content": value}}]}).to_string();
    for data in [
        "{".to_owned(),
        "Hello".to_owned(),
        "[]".to_owned(),
        "7".to_owned(),
        "{} {}".to_owned(),
        "{\"choices\":{}}".to_owned(),
        "{\"choices\":[{\"delta\":{\"content\":\"\\ud83d\"}}]}".to_owned(),
        "[".repeat(100_000),
        content(json!(7)),
        content(json!(true)),
        content(json!([{"type": "text", "text": "lo"}])),
        content(json!({"text": "lo"})),
    ] {
        assert_eq!(failure(begun().data(&data).finish("stop").done().end()).await, Unavailable, "{data:.60}");
    }
}

#[tokio::test]
async fn bytes_that_are_not_utf8_end_the_answer() {
    let broken = b"data: {\"choices\":[{\"delta\":{\"content\":\"\xff\"}}]}\n\n";
    assert_eq!(failure(begun().body(broken).finish("stop").done().end()).await, Unavailable);
}

#[tokio::test]
async fn an_event_without_end_is_given_up_after_a_megabyte() {
    let endless = (0..40).fold(begun().body("data: \""), |script, _| script.body("x".repeat(32 * 1024)));
    assert_eq!(failure(endless.hang()).await, Unavailable);
}

#[tokio::test]
async fn a_status_that_is_no_success_is_no_answer() {
    for status in [300, 400, 401, 403, 404, 408, 422, 429, 500, 502, 503, 529] {
        let retry_after = [("retry-after", "7"), ("content-type", "text/event-stream")];
        let body = "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\n";
        assert_eq!(failure(Script::refusal(status, &retry_after, body)).await, Unavailable, "{status}");
    }
}

#[tokio::test]
async fn one_json_document_in_place_of_a_stream_is_no_answer() {
    let body = json!({"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}).to_string();
    for content_type in ["application/json", "Application/JSON; charset=utf-8"] {
        assert_eq!(failure(Script::refusal(200, &[("content-type", content_type)], &body)).await, Unavailable);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_no_answer() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let assistant = build(settings(format!("http://{free}/v1")));
    assert_eq!(whole(assistant.answer(question())).await, Err(Unavailable));
    let nowhere = OpenAiSettings { base_url: "http://nowhere.invalid/v1".to_owned(), ..settings(String::new()) };
    assert_eq!(whole(build(nowhere).answer(question())).await, Err(Unavailable));
}
