use chat_schema::ConversationPage;

use super::Following;
use super::log_double::LogDouble;
use crate::{Cursor, Filter};

const NONE: Filter = Filter { from: None, to: None, failed: None, min_messages: 0 };

/// Conversation n was updated at 1000 n, has n % 4 + 1 messages, and its last one failed if n % 3 is 0.
async fn filled() -> Following {
    let log = LogDouble::new(1);
    for n in 1..=24u64 {
        let session = format!("visitor-{n}");
        for m in 0..=n % 4 {
            log.asks(&session, 1_000 * n, &format!("m{m}"), "hello");
        }
        if n % 3 == 0 {
            log.fails(&session, 1_000 * n, &format!("m{}", n % 4));
        }
    }
    Following::all_of(log).await
}

fn numbers(page: &ConversationPage) -> Vec<u64> {
    page.conversations.iter().map(|summary| summary.updated_at / 1_000).collect()
}

#[tokio::test]
async fn every_combination_of_filters_is_paged_and_counted() {
    let models = filled().await;
    for from in [None, Some(5_000), Some(5_001)] {
        for to in [None, Some(20_000), Some(20_001), Some(1_000)] {
            for failed in [None, Some(true), Some(false)] {
                for min_messages in [0, 1, 3, 5] {
                    let filter = Filter { from, to, failed, min_messages };
                    let expected: Vec<u64> = (1..=24)
                        .rev()
                        .filter(|n| from.is_none_or(|from| from <= 1_000 * n) && to.is_none_or(|to| 1_000 * n < to))
                        .filter(|n| failed.is_none_or(|failed| failed == (n % 3 == 0)) && n % 4 + 1 >= min_messages)
                        .collect();
                    let (mut walked, mut cursor) = (Vec::new(), None::<Cursor>);
                    loop {
                        let page = models.models.conversations(filter, 5, cursor).await.unwrap();
                        assert_eq!(page.total, expected.len() as u64, "{filter:?}");
                        assert!(!page.total_is_lower_bound);
                        walked.extend(numbers(&page));
                        match page.next_cursor {
                            Some(next) => cursor = Some(next.parse().unwrap()),
                            None => break,
                        }
                    }
                    assert_eq!(walked, expected, "{filter:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_conversation_has_failed_while_one_of_its_questions_has() {
    let models = Following::start(LogDouble::new(1));
    let log = &models.log;
    log.asks("alice", 1_000, "m1", "hello");
    log.fails("alice", 2_000, "m1");
    log.asks("alice", 3_000, "m2", "hello?");
    log.fails("alice", 4_000, "m2");
    log.fails("alice", 4_500, "m2");
    models.catch_up().await;
    let failed =
        async || models.models.conversations(Filter { failed: Some(true), ..NONE }, 9, None).await.unwrap().total;
    assert_eq!(failed().await, 1);
    log.answered("alice", 5_000, "m2", "yes");
    models.catch_up().await;
    assert!(models.summary("alice").await.failed, "the first one has still failed");
    log.retried("alice", 6_000, "m1");
    log.stopped("alice", 7_000, "m1", "");
    models.catch_up().await;
    assert!(!models.summary("alice").await.failed);
    assert_eq!(failed().await, 0);
}

#[tokio::test]
async fn a_filtered_list_is_counted_up_to_a_bound_and_says_so() {
    let log = LogDouble::new(1);
    for n in 0..10_001 {
        log.asks(&format!("visitor-{n}"), 1_000, "m1", "hello");
    }
    let models = Following::all_of(log).await;
    let page = models.models.conversations(Filter { from: Some(1), ..NONE }, 1, None).await.unwrap();
    assert_eq!((page.total, page.total_is_lower_bound), (10_000, true));
    let page = models.models.conversations(NONE, 1, None).await.unwrap();
    assert_eq!((page.total, page.total_is_lower_bound), (10_001, false));
}
