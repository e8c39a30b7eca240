//! A stored event as auditors see it: as JSON with its bytes, or in words.

use std::fmt::Write as _;

use chat_eventlog::archive::Stored;
use chat_schema::{Event, SealedEvent, StoredEvent};

use super::csv_rows::detail;
use super::time_text;

/// As JSON.
pub(super) fn stored_event(stored: &Stored, event: Option<&SealedEvent>, verified: bool) -> StoredEvent {
    let envelope = event.map(|event| &event.envelope);
    StoredEvent {
        position: stored.position.get(),
        conversation_id: stored.conversation,
        version: envelope.map(|envelope| envelope.version).or(stored.version),
        recorded_at: envelope.map(|envelope| envelope.recorded_at),
        event_type: envelope.map(|envelope| envelope.event.name().to_owned()),
        hash: stored.hash,
        verified,
        bytes: String::from_utf8_lossy(&stored.bytes).into_owned(),
    }
}

/// In words, on a line and those of the message.
pub(super) fn in_words(stored: &Stored, event: Option<&SealedEvent>, verified: bool) -> String {
    let mark = if verified { "" } else { "  NOT VERIFIED" };
    let Some(event) = event else {
        return format!("(unreadable)  position {}{mark}\n", stored.position);
    };
    let envelope = &event.envelope;
    let mut text = format!(
        "{}  position {}  {}  version {}  {}{mark}\n",
        time_text(envelope.recorded_at),
        stored.position,
        envelope.conversation_id,
        envelope.version,
        envelope.event.name()
    );
    for line in [detail(&envelope.event).as_str(), content(&envelope.event)].into_iter().flat_map(str::lines) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "    {}", harmless(line));
    }
    text
}

/// What was said.
pub(super) fn content(event: &Event) -> &str {
    match event {
        Event::UserMessaged { content, .. }
        | Event::AssistantReplied { content, .. }
        | Event::ReplyStopped { content, .. } => content,
        _ => "",
    }
}

/// Without what would make a terminal do something.
fn harmless(line: &str) -> String {
    line.chars().map(|c| if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_s_words_cannot_steer_an_auditor_s_terminal() {
        assert_eq!(harmless("a\u{1b}[2Jb\tc\u{7f}\u{9b}ü"), "a\u{FFFD}[2Jb\tc\u{FFFD}\u{FFFD}ü");
    }
}
