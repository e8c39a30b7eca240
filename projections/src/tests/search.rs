use chat_schema::{ConversationPage, Rating, Role, Summary};

use super::Following;
use super::log_double::LogDouble;
use crate::{Filter, Query, SearchCursor};

impl Following {
    async fn search(&self, words: &str) -> ConversationPage {
        self.search_among(words, Filter::default()).await
    }

    async fn search_among(&self, words: &str, filter: Filter) -> ConversationPage {
        self.models.search(Query::parse(words).unwrap(), filter, 100, None).await.unwrap()
    }
}

fn sessions(page: &ConversationPage) -> Vec<&str> {
    page.conversations.iter().map(|summary| summary.session_id.as_str()).collect()
}

fn marked(summary: &Summary) -> String {
    let parts = &summary.snippet.as_ref().expect("no snippet").parts;
    parts.iter().map(|part| if part.hit { format!("[{}]", part.text) } else { part.text.clone() }).collect()
}

#[tokio::test]
async fn a_conversation_is_found_by_any_of_its_messages_and_shown_with_the_newest_that_matches() {
    let log = LogDouble::new(1);
    log.asks("alice", 1_000, "m1", "Where is my order?");
    log.answered("alice", 2_000, "m1", "Your Order <b>17</b> is on its way.");
    log.asks("alice", 3_000, "m2", "Thanks");
    log.asks("bob", 4_000, "m1", "Hello");
    let models = Following::all_of(log).await;

    let page = models.search("order").await;
    let [alice] = &page.conversations[..] else { panic!("{page:?}") };
    assert_eq!((alice.session_id.as_str(), alice.last_message.as_str()), ("alice", "Thanks"));
    assert_eq!(marked(alice), "Your [Order] <b>17</b> is on its way.");
    let snippet = alice.snippet.as_ref().unwrap();
    assert_eq!((snippet.role, snippet.created_at), (Role::Assistant, 2_000));
    assert_eq!(snippet.message_id, models.messages("alice").await[1].id);
    assert_eq!((page.total, page.total_is_lower_bound, page.next_cursor), (1, false, None));

    assert_eq!(models.search("order hello").await.conversations, [], "the words of one message only");
}

#[tokio::test]
async fn an_operator_s_words_are_words_whatever_they_look_like() {
    let log = LogDouble::new(1);
    log.asks("alice", 1_000, "m1", "100% \"quoted\" OR (NOT) NEAR* {x} ^y -z col:umn Ünïcödé");
    let models = Following::all_of(log).await;
    for words in [
        "\"quoted",
        "OR",
        "NOT",
        "near",
        "(",
        "x}",
        "^y",
        "-z",
        "col:umn",
        "col:",
        "unicode",
        "ÜNÏC",
        "a\" OR \"b",
        "NEAR(",
    ] {
        let expected: &[&str] = if ["(", "a\" OR \"b"].contains(&words) { &[] } else { &["alice"] };
        assert_eq!(sessions(&models.search(words).await), expected, "{words}");
    }
    for nothing in ["", " ", "!?", "\0", "*", "\u{1F980}"] {
        let page = models.search(nothing).await;
        assert_eq!((page.conversations.len(), page.total, page.next_cursor), (0, 0, None), "{nothing:?}");
    }
}

#[tokio::test]
async fn words_of_every_script_are_found() {
    let log = LogDouble::new(1);
    for (session, text) in [
        ("japanese", "注文の返金をお願いします"),
        ("chinese", "我想退款"),
        ("korean", "환불을 원합니다"),
        ("arabic", "أُرِيدُ اِسْتِرْدَادَ المال"),
        ("thai", "ขอเงินคืน"),
        ("hindi", "मुझे रिफंड चाहिए"),
        ("greek", "Θέλω επιστροφή χρημάτων"),
    ] {
        log.asks(session, 1_000, "m1", text);
    }
    let models = Following::all_of(log).await;
    for (words, session) in [
        ("返金", "japanese"),
        ("退款", "chinese"),
        ("환불", "korean"),
        ("استرداد", "arabic"),
        ("เงิน", "thai"),
        ("रिफ", "hindi"),
        ("ΕΠΙΣΤΡΟΦΗ", "greek"),
    ] {
        assert_eq!(sessions(&models.search(words).await), [session], "{words}");
    }
    assert_eq!(sessions(&models.search("金返").await), Vec::<&str>::new(), "in the order in which they were typed");
}

#[tokio::test]
async fn the_newest_match_comes_first_and_pages_show_each_conversation_once() {
    let log = LogDouble::new(1);
    for round in 0..3 {
        for n in 0..9 {
            let message = format!("m{round}");
            log.asks(
                &format!("visitor-{n}"),
                1_000 + round,
                &message,
                if n % 3 == round { "needle" } else { "hay needle" },
            );
        }
    }
    let models = Following::all_of(log).await;
    let query = Query::parse("needle").unwrap();
    let all = models.search("needle").await;
    assert_eq!(sessions(&all), (0..9).rev().map(|n| format!("visitor-{n}")).collect::<Vec<_>>());

    for limit in [1, 2, 4, 8, 9, 10] {
        let (mut walked, mut cursor) = (Vec::new(), None::<SearchCursor>);
        loop {
            let page = models.models.search(query.clone(), Filter::default(), limit, cursor).await.unwrap();
            assert_eq!(page.total_is_lower_bound, page.next_cursor.is_some() || cursor.is_some());
            walked.extend(page.conversations);
            assert!(walked.len() <= 9, "it goes round in circles, limit {limit}");
            match page.next_cursor {
                Some(next) => cursor = Some(next.parse().unwrap()),
                None => break,
            }
        }
        assert_eq!(walked, all.conversations, "limit {limit}");
    }
}

#[tokio::test]
async fn a_search_looks_at_a_bounded_number_of_messages_and_goes_on_from_there() {
    let log = LogDouble::new(1);
    log.asks("oldest", 1_000, "m0", "needle");
    for n in 0..6_000 {
        log.asks("chatty", 2_000 + n, &format!("m{n}"), "needle");
    }
    let models = Following::all_of(log).await;
    let query = Query::parse("needle").unwrap();
    let page = models.models.search(query.clone(), Filter::default(), 10, None).await.unwrap();
    assert_eq!(sessions(&page), ["chatty"]);
    let cursor = Some(page.next_cursor.expect("it looked at everything").parse().unwrap());
    let page = models.models.search(query, Filter::default(), 10, cursor).await.unwrap();
    assert_eq!((sessions(&page), page.next_cursor.as_deref()), (vec!["oldest"], None));
}

#[tokio::test]
async fn filters_hold_for_what_is_found() {
    let log = LogDouble::new(1);
    log.asks("early", 1_000, "m1", "needle");
    log.asks("failed", 2_000, "m1", "needle");
    log.fails("failed", 2_500, "m1");
    log.asks("long", 3_000, "m1", "needle");
    log.answered("long", 3_500, "m1", "hay");
    let models = Following::all_of(log).await;
    let none = Filter::default();
    for (filter, expected) in [
        (none, vec!["long", "failed", "early"]),
        (Filter { from: Some(2_000), ..none }, vec!["long", "failed"]),
        (Filter { to: Some(3_500), ..none }, vec!["failed", "early"]),
        (Filter { failed: Some(true), ..none }, vec!["failed"]),
        (Filter { min_messages: 2, ..none }, vec!["long"]),
    ] {
        assert_eq!(sessions(&models.search_among("needle", filter).await), expected, "{filter:?}");
    }
}

#[tokio::test]
async fn an_answer_that_takes_another_s_place_takes_it_in_the_index_too() {
    let log = LogDouble::new(1);
    log.asks("alice", 1_000, "m1", "question");
    log.answered("alice", 2_000, "m1", "first");
    log.rated("alice", 2_500, "m1", Some(Rating::Up));
    log.answered("alice", 3_000, "m1", "second");
    let models = Following::all_of(log).await;
    assert_eq!(sessions(&models.search("first").await), Vec::<&str>::new());
    assert_eq!(sessions(&models.search("second").await), ["alice"]);
    assert_eq!(models.summary("alice").await.messages, 2);
}

#[tokio::test]
async fn a_number_is_found_among_many_messages_whatever_span_they_are_in() {
    let log = LogDouble::new(1);
    for n in 0..70_000_u64 {
        log.asks("chatty", 1_000 + n, &format!("m{n}"), if n == 333 { "order 10000333" } else { "hay" });
    }
    let models = Following::all_of(log).await;
    for words in ["10000333", "order 10000333", "order 1000", "ord"] {
        assert_eq!(sessions(&models.search(words).await), ["chatty"], "{words}");
    }
    assert_eq!(sessions(&models.search("10000333 hay").await), Vec::<&str>::new());
}
