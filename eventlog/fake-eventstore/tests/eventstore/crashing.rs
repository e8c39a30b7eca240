//! The server dies, in the middle of appends as well.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chat_eventlog::conformance::{Author, append, history, store};
use chat_eventlog::{Append, EventLog, append_settled};

use crate::settings::{append_at_last, open, start, until_away, until_back};

#[tokio::test(flavor = "multi_thread")]
async fn a_log_whose_server_is_gone_says_so_and_goes_on_when_it_is_back() {
    let (_database, mut node) = start();
    let log = open(&node).await;
    let mut author = Author::new();
    store(&*log, &author.events(1)).await;
    for _ in 0..3 {
        node.kill();
        until_away(&*log).await;
        assert_eq!(log.append(author.conversation, 1, &author.clone().events(1)).await, Append::Unavailable);
        assert!(log.read(author.conversation, 0).await.is_err());
        node.restart().unwrap();
        until_back(&*log).await;
        append_at_last(&*log, &mut author).await;
    }
    assert_eq!(history(&*log).await.len(), 4);
}

/// Writers go on while the server is killed again and again: what was acknowledged is there once, and so is what was not.
#[tokio::test(flavor = "multi_thread")]
async fn kills_in_the_middle_of_appends_lose_and_double_nothing() {
    let (_database, mut node) = start();
    let log = open(&node).await;
    let going = Arc::new(AtomicBool::new(true));
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let (log, going) = (log.clone(), going.clone());
            tokio::spawn(async move {
                let mut author = Author::new();
                while going.load(Ordering::SeqCst) {
                    append_at_last(&*log, &mut author).await;
                }
                author
            })
        })
        .collect();
    for _ in 0..8 {
        tokio::time::sleep(Duration::from_millis(150)).await;
        node.kill();
        node.restart().unwrap();
        until_back(&*log).await;
    }
    going.store(false, Ordering::SeqCst);
    let mut written = 0;
    for writer in writers {
        let author = writer.await.unwrap();
        let events = log.read(author.conversation, 0).await.unwrap();
        assert_eq!(events.last().unwrap().event.head(), author.head);
        assert_eq!(events.len() as u64, author.head.version);
        written += events.len();
    }
    assert_eq!(history(&*log).await.len(), written);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_is_settled_across_a_kill() {
    let (_database, mut node) = start();
    let log = open(&node).await;
    let mut author = Author::new();
    store(&*log, &author.events(1)).await;
    let next = author.events(2);
    let settling = {
        let (log, next, conversation) = (log.clone(), next.clone(), author.conversation);
        tokio::spawn(async move { append_settled(&*log, conversation, 1, &next, Duration::from_secs(20)).await })
    };
    node.kill();
    until_away(&*log).await;
    node.restart().unwrap();
    let outcome = settling.await.unwrap();
    let settled = if outcome == Append::Unavailable { append(&*log, &next).await } else { outcome };
    assert_eq!(settled, Append::Appended(log.end().await.unwrap()));
    assert_eq!(history(&*log).await.len(), 3);
}
