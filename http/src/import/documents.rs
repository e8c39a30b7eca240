//! The documents of upstream's two tables, checked line by line. A complaint names file and line, and never repeats what was said.

use std::collections::{BTreeMap, HashMap, HashSet};

use chat_schema::{InvalidId, SessionId};
use serde_json::{Map, Value};

use super::export::Export;

/// A message of the export.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Message {
    /// Convex's id of the document.
    pub(super) id: String,
    /// When it was written, in milliseconds since the Unix epoch.
    pub(super) at: u64,
    pub(super) by_assistant: bool,
    pub(super) content: String,
    /// When Convex stored it, which orders what has the same time.
    stored: f64,
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Documents {
    /// Of each session, in the order in which they were written. Several conversations of one session are one here.
    pub(super) messages: BTreeMap<SessionId, Vec<Message>>,
    /// Documents of conversations, the empty ones included.
    pub(super) conversations: u64,
    /// Lines that are no documents of this kind: where, and why.
    pub(super) bad: Vec<String>,
}

impl Documents {
    pub(super) fn read(export: &mut Export) -> anyhow::Result<Self> {
        let mut documents = Self::default();
        let sessions = documents.read_conversations(export)?;
        documents.read_messages(export, &sessions)?;
        for messages in documents.messages.values_mut() {
            // Stable: what has the same times stays in the order of the file.
            messages.sort_by(|one, other| one.at.cmp(&other.at).then(one.stored.total_cmp(&other.stored)));
        }
        Ok(documents)
    }

    /// The session of each conversation.
    fn read_conversations(&mut self, export: &mut Export) -> anyhow::Result<HashMap<String, SessionId>> {
        let table = export.table("conversations")?;
        let (file, mut sessions) = (table.name.clone(), HashMap::new());
        table.each(|line, bytes| match conversation(bytes) {
            Ok((id, _)) if sessions.contains_key(&id) => {
                self.complain(&file, line, "repeats the _id of an earlier one");
            }
            Ok((id, session)) => {
                self.conversations += 1;
                sessions.insert(id, session);
            }
            Err(why) => self.complain(&file, line, &why),
        })?;
        Ok(sessions)
    }

    fn read_messages(&mut self, export: &mut Export, sessions: &HashMap<String, SessionId>) -> anyhow::Result<()> {
        let table = export.table("messages")?;
        let (file, mut seen) = (table.name.clone(), HashSet::new());
        table.each(|line, bytes| match message(bytes) {
            Ok((_, message)) if !seen.insert(message.id.clone()) => {
                self.complain(&file, line, "repeats the _id of an earlier one");
            }
            Ok((conversation, message)) => match sessions.get(&conversation) {
                Some(session) => self.messages.entry(session.clone()).or_default().push(message),
                None => self.complain(&file, line, "its conversationId is that of no conversation of the export"),
            },
            Err(why) => self.complain(&file, line, &why),
        })
    }

    fn complain(&mut self, file: &str, line: u64, why: &str) {
        self.bad.push(format!("{file}: line {line}: {why}"));
    }
}

fn conversation(line: &[u8]) -> Result<(String, SessionId), String> {
    let document = object(line)?;
    let session = text(&document, "sessionId")?;
    let session = session.parse().map_err(|why: InvalidId| format!("its sessionId {why}"))?;
    Ok((text(&document, "_id")?.to_owned(), session))
}

/// The conversation's id, and the message.
fn message(line: &[u8]) -> Result<(String, Message), String> {
    let document = object(line)?;
    let by_assistant = match text(&document, "role")? {
        "user" => false,
        "assistant" => true,
        _ => return Err("its role is neither user nor assistant".to_owned()),
    };
    let stored = time(&document, "_creationTime")?;
    let at = if document.contains_key("createdAt") { time(&document, "createdAt")? } else { stored };
    let message = Message {
        id: text(&document, "_id")?.to_owned(),
        at: at as u64,
        by_assistant,
        content: text(&document, "content")?.to_owned(),
        stored,
    };
    Ok((text(&document, "conversationId")?.to_owned(), message))
}

fn object(line: &[u8]) -> Result<Map<String, Value>, String> {
    serde_json::from_slice(line).map_err(|_| "is no JSON object".to_owned())
}

fn text<'a>(document: &'a Map<String, Value>, field: &str) -> Result<&'a str, String> {
    document.get(field).and_then(Value::as_str).ok_or_else(|| format!("has no text {field}"))
}

/// Milliseconds since the Unix epoch. Convex writes numbers with or without decimals.
fn time(document: &Map<String, Value>, field: &str) -> Result<f64, String> {
    /// The year 10000.
    const END: f64 = 253_402_300_800_000.0;
    let time = document.get(field).and_then(Value::as_f64).filter(|time| (0.0..END).contains(time));
    time.ok_or_else(|| format!("has no {field} in milliseconds since 1970"))
}

#[cfg(test)]
impl Message {
    /// With its text as its id.
    pub(super) fn of(content: &str, at: u64, by_assistant: bool) -> Self {
        Self { id: content.to_owned(), at, by_assistant, content: content.to_owned(), stored: at as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(conversations: &str, messages: &str) -> Documents {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("conversations.jsonl"), conversations).unwrap();
        std::fs::write(folder.path().join("messages.jsonl"), messages).unwrap();
        Documents::read(&mut Export::open(folder.path()).unwrap()).unwrap()
    }

    #[test]
    fn messages_stand_in_the_order_of_their_times_and_several_conversations_of_a_session_are_one() {
        let documents = read(
            "\u{feff}{\"_id\":\"c1\",\"sessionId\":\"s\"}\r\n\n{\"_id\":\"c2\",\"sessionId\":\"s\",\"lastMessage\":\"x\"}\n",
            r#"{"_id":"m3","conversationId":"c1","role":"user","content":"3","createdAt":20,"_creationTime":20.75}
               {"_id":"m1","conversationId":"c2","role":"user","content":"1","createdAt":1e1,"_creationTime":10.5}
               {"_id":"m2","conversationId":"c1","role":"assistant","content":"2","createdAt":20,"_creationTime":20.25}
               {"_id":"m4","conversationId":"c1","role":"user","content":"4","_creationTime":30.9}"#,
        );
        assert_eq!((documents.bad, documents.conversations), (vec![], 2));
        let messages = &documents.messages[&"s".parse().unwrap()];
        let read: Vec<_> = messages.iter().map(|message| (message.content.as_str(), message.at)).collect();
        assert_eq!(read, [("1", 10), ("2", 20), ("3", 20), ("4", 30)]);
    }

    #[test]
    fn every_bad_line_is_named_and_what_was_said_in_it_is_not_repeated() {
        let documents = read(
            "{\"_id\":\"c1\",\"sessionId\":\"secret words\"}\n{\"_id\":\"c2\",\"sessionId\":\"s\"}\n{\"_id\":\"c2\",\"sessionId\":\"t\"}\n",
            &[
                r#"{"_id":"m1","conversationId":"c2","role":"user","content":"secret"#,
                r#"{"_id":"m1","conversationId":"c2","role":"system","content":"secret","_creationTime":1}"#,
                r#"{"_id":"m1","conversationId":"c2","role":"user","content":["secret"],"_creationTime":1}"#,
                r#"{"_id":"m1","conversationId":"c2","role":"user","content":"secret","createdAt":"secret","_creationTime":1}"#,
                r#"{"_id":"m1","conversationId":"c9","role":"user","content":"secret","_creationTime":1}"#,
                r#"["secret"]"#,
            ]
            .join("\n"),
        );
        let why: Vec<_> = documents.bad.iter().map(|bad| bad.rsplit_once('/').unwrap().1.to_owned()).collect();
        assert_eq!(
            why,
            [
                "conversations.jsonl: line 1: its sessionId must be 1 to 128 characters of A-Z a-z 0-9 . _ : -",
                "conversations.jsonl: line 3: repeats the _id of an earlier one",
                "messages.jsonl: line 1: is no JSON object",
                "messages.jsonl: line 2: its role is neither user nor assistant",
                "messages.jsonl: line 3: has no text content",
                "messages.jsonl: line 4: has no createdAt in milliseconds since 1970",
                "messages.jsonl: line 5: its conversationId is that of no conversation of the export",
                "messages.jsonl: line 6: is no JSON object",
            ]
        );
        assert!(documents.messages.is_empty());
    }
}
