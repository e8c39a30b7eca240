//! Events as rows of a table that spreadsheets open: RFC 4180, and no cell is ever taken for a formula.

use std::borrow::Cow;

use chat_eventlog::Position;
use chat_schema::{Envelope, Event, OperatorAct};
use csv::{Terminator, WriterBuilder};

use super::stored_line::content;
use super::time_text;

const COLUMNS: [&str; 11] = [
    "position",
    "recordedAt",
    "conversationId",
    "version",
    "type",
    "sessionId",
    "messageId",
    "role",
    "status",
    "detail",
    "content",
];

/// What begins a formula, or hides that something does.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// The first line.
pub(crate) fn csv_head() -> Vec<u8> {
    line(COLUMNS.map(Cow::Borrowed))
}

/// The line of one event.
pub(crate) fn csv_row(position: Position, envelope: &Envelope) -> Vec<u8> {
    let event = &envelope.event;
    let (session, message, role, status) = words(event);
    line([
        position.to_string().into(),
        time_text(envelope.recorded_at).into(),
        envelope.conversation_id.to_string().into(),
        envelope.version.to_string().into(),
        event.name().into(),
        session.into(),
        message.into(),
        role.into(),
        status.into(),
        detail(event).into(),
        content(event).into(),
    ])
}

fn line(cells: [Cow<'_, str>; COLUMNS.len()]) -> Vec<u8> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    let harmless = cells.map(harmless);
    let written = writer.write_record(harmless.iter().map(|cell| cell.as_bytes()));
    written.expect("a Vec takes every write, and every row has as many cells as its writer has seen");
    writer.into_inner().expect("a Vec takes every write")
}

/// A leading apostrophe makes a spreadsheet take the rest as text.
fn harmless(cell: Cow<'_, str>) -> Cow<'_, str> {
    if cell.starts_with(FORMULA) { format!("'{cell}").into() } else { cell }
}

/// Session, message, role and status.
fn words(event: &Event) -> (&str, &str, &'static str, &'static str) {
    match event {
        Event::UserMessaged { session_id, message_id, .. } => (session_id.as_str(), message_id.as_str(), "user", ""),
        Event::ReplyStarted { in_reply_to, .. } => ("", in_reply_to.as_str(), "", ""),
        Event::AssistantReplied { in_reply_to, .. } => ("", in_reply_to.as_str(), "assistant", "complete"),
        Event::ReplyStopped { in_reply_to, .. } => ("", in_reply_to.as_str(), "assistant", "stopped"),
        Event::ReplyFailed { in_reply_to, .. } => ("", in_reply_to.as_str(), "", "failed"),
        Event::MessageRated { message_id, .. } => ("", message_id.as_str(), "", ""),
        Event::ConversationErased { .. } | Event::OperatorActed { .. } => ("", "", "", ""),
    }
}

/// What else there is to say about an event, in a few words and without any text of a message.
pub(super) fn detail(event: &Event) -> String {
    match event {
        Event::UserMessaged { .. } | Event::ReplyStopped { .. } => String::new(),
        Event::ReplyStarted { attempt, .. } => format!("attempt {attempt}"),
        Event::AssistantReplied { model, finish_reason, usage, timings, .. } => {
            let tokens = usage.map_or(String::new(), |usage| {
                format!(", {} + {} tokens", usage.prompt_tokens, usage.completion_tokens)
            });
            let reason = name(finish_reason);
            format!("model {model}, finished by {reason}{tokens}, {} ms", timings.total_ms)
        }
        Event::ReplyFailed { reason, .. } => format!("reason {}", name(reason)),
        Event::MessageRated { rating, .. } => {
            rating.map_or("rating taken back".into(), |r| format!("rated {}", name(&r)))
        }
        Event::ConversationErased { erased_events, .. } => format!("{erased_events} events erased"),
        Event::OperatorActed { operator, act } => format!("{}: {}", name(operator), act_in_words(act)),
    }
}

/// A value's name in JSON.
fn name(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

fn act_in_words(act: &OperatorAct) -> String {
    match act {
        OperatorAct::SignedIn {} => "signed in".into(),
        OperatorAct::SignedOut { .. } => "signed out".into(),
        OperatorAct::SignInRefused {} => "sign-in refused".into(),
        OperatorAct::ConversationsExported { conversation, from, to, format } => {
            let what = conversation.map_or("all conversations".into(), |id| format!("conversation {id}"));
            let from = from.map_or(String::new(), |from| format!(" from {}", time_text(from)));
            let to = to.map_or(String::new(), |to| format!(" to {}", time_text(to)));
            format!("exported {what}{from}{to} as {}", name(format))
        }
        OperatorAct::ErasureRequested { conversations } => {
            let ids: Vec<String> = conversations.iter().map(ToString::to_string).collect();
            format!("asked to erase {}", ids.join(" "))
        }
        OperatorAct::ErasureCompleted { request, erased } => {
            let gone: Vec<String> = erased
                .iter()
                .map(|erased| format!("{} ({} events)", erased.conversation_id, erased.erased_events))
                .collect();
            format!("request {request} carried out, erased {}", gone.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use chat_schema::{ConversationId, OwnerId};
    use uuid::Uuid;

    use super::*;

    fn row(content: &str) -> String {
        let event = Event::UserMessaged {
            message_id: "-m:1".parse().unwrap(),
            session_id: "visitor-1".parse().unwrap(),
            content: content.into(),
            owner: OwnerId::from(Uuid::nil()),
        };
        let conversation_id = ConversationId::of(&"visitor-1".parse().unwrap());
        let id = Uuid::nil().into();
        let envelope =
            Envelope { id, conversation_id, version: 3, recorded_at: 1_755_600_000_123, schema_version: 1, event };
        String::from_utf8(csv_row(Position::new(7), &envelope)).unwrap()
    }

    #[test]
    fn a_row_is_what_rfc_4180_says() {
        assert_eq!(
            row("one, \"two\"\r\nthree"),
            "7,2025-08-19T10:40:00.123Z,c87e3f36-4c7e-5484-a7f1-1215db19dec7,3,UserMessaged,visitor-1,'-m:1,user,,,\
             \"one, \"\"two\"\"\r\nthree\"\r\n"
        );
        let head = String::from_utf8(csv_head()).unwrap();
        assert_eq!(head.trim_end().split(',').count(), COLUMNS.len());
    }

    #[test]
    fn no_cell_begins_as_a_formula() {
        for begin in FORMULA {
            let row = row(&format!("{begin}HYPERLINK(\"http://example.com\")"));
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(row.as_bytes());
            let record = reader.records().next().unwrap().unwrap();
            assert!(record[10].starts_with(&format!("'{begin}HYPER")), "{begin:?}: {row}");
            assert!(record.iter().all(|cell| !cell.starts_with(FORMULA)), "{row}");
        }
        assert!(row("1 + 1 = 2").ends_with(",1 + 1 = 2\r\n"), "only the beginning counts");
    }
}
