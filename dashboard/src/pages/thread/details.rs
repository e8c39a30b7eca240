//! What only the events tell of the answers: who wrote them, what they cost, how long they took, why one failed.

use std::collections::HashMap;

use chat_schema::{Envelope, Event, EventId, FailureReason, MessageId, SealedEvent, StoredEvent};

use crate::ui::time;

/// By the message's id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Details(HashMap<EventId, String>);

impl Details {
    /// What these events tell; what cannot be read tells nothing.
    pub(super) fn of(events: &[StoredEvent]) -> Self {
        let (mut lines, mut asked): (HashMap<EventId, String>, HashMap<MessageId, EventId>) = Default::default();
        for event in events {
            let Ok(SealedEvent { envelope: Envelope { id, event, .. }, .. }) =
                SealedEvent::open(event.bytes.as_bytes().into(), event.hash)
            else {
                continue;
            };
            match event {
                Event::UserMessaged { message_id, .. } => drop(asked.insert(message_id, id)),
                Event::AssistantReplied { model, usage, timings, in_reply_to, .. } => {
                    let tokens = usage.map_or(String::new(), |usage| {
                        format!(
                            " · {} + {} tokens",
                            time::number(usage.prompt_tokens.into()),
                            time::number(usage.completion_tokens.into())
                        )
                    });
                    let (first, whole) =
                        (time::duration(timings.first_token_ms.into()), time::duration(timings.total_ms.into()));
                    lines.insert(id, format!("{model}{tokens} · first word after {first}, all after {whole}"));
                    if let Some(question) = asked.get(&in_reply_to) {
                        lines.remove(question);
                    }
                }
                Event::ReplyFailed { in_reply_to, reason } => {
                    if let Some(question) = asked.get(&in_reply_to) {
                        lines.insert(*question, why(reason).to_owned());
                    }
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

fn why(reason: FailureReason) -> &'static str {
    match reason {
        FailureReason::Unavailable => "the model could not be reached or broke off",
        FailureReason::TimedOut => "the model took too long",
        FailureReason::Filtered => "the model’s content filter ended the answer",
        FailureReason::Empty => "the model said nothing",
        FailureReason::TooLong => "the answer grew too long",
        FailureReason::Abandoned => "the server that wrote the answer stopped",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(number: u64, event: &str) -> StoredEvent {
        let bytes = format!(
            r#"{{"id":"0198c0de-1111-7000-8000-{number:012}","conversationId":"c87e3f36-4c7e-5484-a7f1-1215db19dec7","version":{number},"recordedAt":1,"schemaVersion":1,"event":{event}}}"#
        );
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
        let asked = stored(
            1,
            r#"{"type":"UserMessaged","messageId":"m","sessionId":"s","content":"hi","owner":"0198c0de-0000-4000-8000-000000000001"}"#,
        );
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
