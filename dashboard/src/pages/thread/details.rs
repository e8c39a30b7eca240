//! What only the events tell of the answers: who wrote them, what they cost, how long they took, why one failed.

use std::collections::BTreeMap;

use chat_schema::{EventId, StoredEvent};
use serde::Deserialize;

use crate::ui::time;

/// By the message's id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Details(BTreeMap<EventId, String>);

/// What of an envelope is told here. The whole of it would take more room in the program than everything else of this page.
#[derive(Deserialize)]
struct Envelope {
    id: EventId,
    event: Told,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    #[serde(rename = "type")]
    name: String,
    message_id: Option<String>,
    in_reply_to: Option<String>,
    model: Option<String>,
    reason: Option<String>,
    usage: Option<Usage>,
    timings: Option<Timings>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Timings {
    first_token_ms: u64,
    total_ms: u64,
}

impl Details {
    /// What these events tell; what cannot be read tells nothing.
    pub(super) fn of(events: &[StoredEvent]) -> Self {
        let (mut lines, mut asked) = (BTreeMap::new(), BTreeMap::new());
        for event in events {
            let Ok(Envelope { id, event }) = serde_json::from_str(&event.bytes) else { continue };
            let question = event.in_reply_to.as_ref().and_then(|message| asked.get(message)).copied();
            match (event.name.as_str(), question) {
                ("UserMessaged", _) => drop(event.message_id.map(|message| asked.insert(message, id))),
                ("AssistantReplied", question) => {
                    lines.insert(id, answered(&event));
                    question.map(|question| lines.remove(&question));
                }
                ("ReplyFailed", Some(question)) => {
                    drop(lines.insert(question, why(event.reason.as_deref()).to_owned()));
                }
                _ => {}
            }
        }
        Self(lines)
    }

    /// Of a message.
    pub(super) fn get(&self, id: EventId) -> Option<&str> {
        self.0.get(&id).map(String::as_str)
    }
}

fn answered(event: &Told) -> String {
    let mut parts: Vec<String> = event.model.iter().cloned().collect();
    if let Some(Usage { prompt_tokens, completion_tokens }) = event.usage {
        parts.push(format!("{} + {} tokens", time::number(prompt_tokens), time::number(completion_tokens)));
    }
    if let Some(Timings { first_token_ms, total_ms }) = event.timings {
        parts.push(format!(
            "first word after {}, all after {}",
            time::duration(first_token_ms),
            time::duration(total_ms)
        ));
    }
    parts.join(" · ")
}

fn why(reason: Option<&str>) -> &'static str {
    match reason.unwrap_or_default() {
        "unavailable" => "the model could not be reached or broke off",
        "timed-out" => "the model took too long",
        "filtered" => "the model’s content filter ended the answer",
        "empty" => "the model said nothing",
        "too-long" => "the answer grew too long",
        "abandoned" => "the server that wrote the answer stopped",
        _ => "it failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(number: u64, event: &str) -> StoredEvent {
        let bytes = format!(r#"{{"id":"0198c0de-1111-7000-8000-{number:012}","version":{number},"event":{event}}}"#);
        let hash = serde_json::from_str(&format!("\"{}\"", "0".repeat(64))).unwrap();
        StoredEvent {
            position: number,
            conversation_id: None,
            version: None,
            recorded_at: None,
            event_type: None,
            hash,
            verified: true,
            bytes,
        }
    }

    fn id(number: u64) -> EventId {
        format!("0198c0de-1111-7000-8000-{number:012}").parse().unwrap()
    }

    #[test]
    fn an_answer_tells_its_cost_and_a_question_why_it_has_none() {
        let asked = stored(1, r#"{"type":"UserMessaged","messageId":"m","sessionId":"s","content":"hi"}"#);
        let failed = stored(2, r#"{"type":"ReplyFailed","inReplyTo":"m","reason":"timed-out"}"#);
        let details = Details::of(&[asked.clone(), failed.clone()]);
        assert_eq!(details.get(id(1)), Some("the model took too long"));
        let answered = stored(
            3,
            r#"{"type":"AssistantReplied","inReplyTo":"m","content":"ho","model":"demo","finishReason":"stop","usage":{"promptTokens":12,"completionTokens":34},"timings":{"firstTokenMs":210,"totalMs":1830}}"#,
        );
        let details = Details::of(&[asked, failed, answered]);
        assert_eq!(details.get(id(3)), Some("demo · 12 + 34 tokens · first word after 210 ms, all after 1.8 s"));
        assert_eq!(details.get(id(1)), None, "it was answered after all");
    }
}
