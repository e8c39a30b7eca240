//! A server that lies: it acknowledges appends that it never saw. What a checker of histories must notice.

use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::connection::Connection;
use super::frame::Frame;

const STREAM: &str = "open-chat";
const CONVERSATIONS: &str = "open-chat.conversation.";
/// Sequence of the first forged acknowledgement, above any that a test's stream has.
const FIRST: u64 = 1_000_000_000;

pub(super) fn serve(connection: &Arc<Connection>, forged: &AtomicU64) {
    // Whole frames are written under this lock, so that a forged one never lands inside another.
    let to_client = Arc::new(Mutex::new(connection.client.try_clone().unwrap()));
    let (other, writer) = (Arc::clone(connection), Arc::clone(&to_client));
    let back = std::thread::spawn(move || {
        let mut from_server = BufReader::new(&other.server);
        while let Some(frame) = Frame::read(&mut from_server) {
            if writer.lock().unwrap().write_all(&frame.bytes()).is_err() {
                break;
            }
        }
        other.close();
    });
    answer(connection, &to_client, forged);
    connection.close();
    let _ = back.join();
}

fn answer(connection: &Connection, to_client: &Mutex<TcpStream>, forged: &AtomicU64) {
    let mut subscriptions = Vec::new();
    let mut from_client = BufReader::new(&connection.client);
    while let Some(frame) = Frame::read(&mut from_client) {
        if let ("SUB", [subject, .., id]) = (frame.verb(), &frame.arguments()[..]) {
            subscriptions.push((subject.to_string(), id.to_string()));
        }
        let written = match append_inbox(&frame) {
            Some(inbox) => {
                let id = subscriptions.iter().find(|(subject, _)| matches(subject, inbox)).map(|(_, id)| id);
                let id = id.expect("a client that asks listens to the answer");
                let sequence = FIRST + forged.fetch_add(1, Ordering::SeqCst);
                let lie = format!("{{\"stream\":\"{STREAM}\",\"seq\":{sequence}}}");
                let message = format!("MSG {inbox} {id} {}\r\n{lie}\r\n", lie.len());
                to_client.lock().unwrap().write_all(message.as_bytes())
            }
            None => (&connection.server).write_all(&frame.bytes()),
        };
        if written.is_err() {
            return;
        }
    }
}

/// Where the acknowledgement of an append is awaited; `None` for any other frame.
fn append_inbox(frame: &Frame) -> Option<&str> {
    match (frame.verb(), &frame.arguments()[..]) {
        ("PUB", &[subject, inbox, _]) | ("HPUB", &[subject, inbox, _, _]) if subject.starts_with(CONVERSATIONS) => {
            Some(inbox)
        }
        _ => None,
    }
}

/// Whether a subscription to `pattern` gets what is sent to `subject`.
fn matches(pattern: &str, subject: &str) -> bool {
    let (mut pattern, mut subject) = (pattern.split('.'), subject.split('.'));
    loop {
        match (pattern.next(), subject.next()) {
            (Some(">"), Some(_)) | (None, None) => return true,
            (Some(wanted), Some(word)) if wanted == "*" || wanted == word => {}
            _ => return false,
        }
    }
}
