//! Erasing, as it shows in the bytes of the log's files.

use std::path::Path;
use std::process::Stdio;

use chat_eventlog::conformance::{Author, append, history, store};
use chat_eventlog::embedded::EmbeddedLog;
use chat_eventlog::{Append, EventLog, Position, last_event};

use crate::canary::traces;
use crate::rerun;

const CANARY: &str = "canary-3f0c1b2a-sings";
const KEPT: &str = "canary-9d4e4c6f-stays";

/// Events with words in them, between those of other conversations: on pages of their own, on shared ones, and on several.
async fn write(log: &dyn EventLog, words: &str) -> Vec<Author> {
    let mut authors: Vec<Author> = (0..4).map(|_| Author::new()).collect();
    for size in [0, 40, 300, 3000, 20_000, 200_000, 0, 40, 300, 3000] {
        for (number, author) in authors.iter_mut().enumerate() {
            let said = if number % 2 == 0 { words } else { KEPT };
            let text = format!("{said} {} {said}", "x".repeat(size));
            store(log, &[author.says(text), author.event()]).await;
        }
    }
    authors
}

async fn erase(log: &dyn EventLog, author: &mut Author) {
    let erasure = author.erasure();
    store(log, std::slice::from_ref(&erasure)).await;
    log.erase(&erasure).await.unwrap();
}

#[tokio::test]
async fn no_position_of_an_erased_event_is_given_again() {
    let directory = tempfile::tempdir().unwrap();
    let (mut author, mut last) = (Author::new(), Position::START);
    for _ in 0..3 {
        let log = EmbeddedLog::open(directory.path()).unwrap();
        let position = store(&log, &author.events(2)).await;
        assert!(position > last, "{position} after {last}");
        erase(&log, &mut author).await;
        last = log.end().await.unwrap();
        assert_eq!(history(&log).await.len(), 1, "only the erasure is left");
    }
}

#[tokio::test]
async fn erased_words_leave_no_trace_in_any_file() {
    let directory = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(directory.path()).unwrap();
    let mut authors = write(&log, CANARY).await;
    assert!(!traces(directory.path(), CANARY).is_empty(), "the search finds nothing that is there");
    erase(&log, &mut authors[0]).await;
    assert!(!traces(directory.path(), CANARY).is_empty(), "another conversation has them too");
    erase(&log, &mut authors[2]).await;
    assert_eq!(traces(directory.path(), CANARY), [] as [&Path; 0]);
    assert!(!traces(directory.path(), KEPT).is_empty());
    assert_eq!(history(&log).await.len(), 2 * 20 + 2);
}

#[tokio::test]
async fn words_that_are_read_while_they_are_erased_leave_no_trace_either() {
    let directory = tempfile::tempdir().unwrap();
    let log = std::sync::Arc::new(EmbeddedLog::open(directory.path()).unwrap());
    let mut authors = write(&*log, CANARY).await;
    let reading = tokio::spawn({
        let log = log.clone();
        async move {
            loop {
                history(&*log).await;
            }
        }
    });
    erase(&*log, &mut authors[0]).await;
    erase(&*log, &mut authors[2]).await;
    assert_eq!(traces(directory.path(), CANARY), [] as [&Path; 0]);
    reading.abort();
}

/// Erases until killed.
async fn erase_until_killed(directory: &Path) {
    let log = EmbeddedLog::open(directory).unwrap();
    loop {
        let mut author = Author::new();
        store(&log, &(0..20).map(|_| author.says(CANARY.repeat(50))).collect::<Vec<_>>()).await;
        println!("conversation {}", author.conversation);
        erase(&log, &mut author).await;
    }
}

#[tokio::test]
async fn an_erasure_that_a_kill_cut_short_is_finished_by_repeating_it() {
    const NAME: &str = "erasing::an_erasure_that_a_kill_cut_short_is_finished_by_repeating_it";
    if let Some(directory) = rerun::directory() {
        return erase_until_killed(&directory).await;
    }
    let directory = tempfile::tempdir().unwrap();
    let mut cut = 0;
    for round in 0..10_u64 {
        let mut child = rerun::command(&[], NAME, directory.path()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
        let mut conversation = None;
        for _ in 0..3 {
            conversation =
                lines.find_map(|line| line.unwrap().split_once("conversation ").map(|(_, id)| id.parse().unwrap()));
        }
        // A different moment each time, and none of them waited for.
        for _ in 0..round * 20_000 {
            std::hint::black_box(round);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let last = lines.filter_map(|line| line.ok()?.split_once("conversation ").map(|(_, id)| id.to_owned())).last();
        let conversation = last.and_then(|id| id.parse().ok()).or(conversation).unwrap();

        let log = EmbeddedLog::open(directory.path()).unwrap();
        // Whoever finds the request goes on with it, wherever it was left.
        for conversation in conversations(&log).await.into_iter().chain([conversation]) {
            let last = last_event(&log, conversation).await.unwrap().unwrap().event;
            let mut author = Author { conversation, head: last.head() };
            let erased = matches!(last.envelope.event, chat_schema::Event::ConversationErased { .. });
            let erasure = if erased { last } else { author.erasure() };
            assert!(erased || matches!(append(&log, std::slice::from_ref(&erasure)).await, Append::Appended(_)));
            cut += usize::from(!erased);
            log.erase(&erasure).await.unwrap();
        }
        assert_eq!(traces(directory.path(), CANARY), [] as [&Path; 0], "round {round}");
        history(&log).await;
    }
    println!("{cut} of 10 kills came before the erasure was stored");
}

async fn conversations(log: &dyn EventLog) -> Vec<chat_schema::ConversationId> {
    let unfinished = |recorded: chat_eventlog::Recorded| {
        let envelope = recorded.event.envelope;
        (!matches!(envelope.event, chat_schema::Event::ConversationErased { .. })).then_some(envelope.conversation_id)
    };
    let mut found: Vec<_> = history(log).await.into_iter().filter_map(unfinished).collect();
    found.dedup();
    found
}
