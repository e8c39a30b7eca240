use super::*;
use crate::import::documents::Message;

/// Messages at 10, 20, 30…: `u` asks, `a` answers.
fn messages(lines: &[&str]) -> Vec<Message> {
    (1..).zip(lines).map(|(number, line)| Message::of(line, number * 10, line.starts_with('a'))).collect()
}

fn session() -> SessionId {
    "s".parse().unwrap()
}

fn recorded(events: &[SealedEvent]) -> Vec<Recorded> {
    let record = |event: &SealedEvent| Recorded { position: chat_eventlog::Position::START, event: event.clone() };
    events.iter().map(record).collect()
}

fn new(before: &[SealedEvent], lines: &[&str]) -> Told {
    match Story::of(session(), &recorded(before)).tell(&messages(lines)) {
        Import::New(told) => told,
        other => panic!("{other:?}"),
    }
}

/// What happened, each with its time.
fn shown(events: &[SealedEvent]) -> Vec<String> {
    let line = |event: &SealedEvent| {
        let at = event.envelope.recorded_at;
        match &event.envelope.event {
            Event::UserMessaged { content, .. } => format!("{at} asked {content}"),
            Event::AssistantReplied { in_reply_to, content, .. } => format!("{at} {in_reply_to} answered {content}"),
            Event::ReplyFailed { in_reply_to, .. } => format!("{at} {in_reply_to} failed"),
            Event::ReplyStarted { in_reply_to, attempt, .. } => format!("{at} {in_reply_to} attempt {attempt}"),
            other => other.name().to_owned(),
        }
    };
    events.iter().map(line).collect()
}

fn assert_tells(lines: &[&str], expected: &[&str]) {
    let told = new(&[], lines);
    assert_eq!(shown(&told.events), expected);
    assert_valid(&told.events);
}

/// One turn at a time, times that do not run backwards, a whole chain.
fn assert_valid(events: &[SealedEvent]) {
    let (mut head, mut open, mut failed) = (Head::EMPTY, None, HashSet::new());
    for event in events {
        assert!(event.follows(head));
        head = event.head();
        match &event.envelope.event {
            Event::UserMessaged { message_id, .. } => assert_eq!(open.replace(message_id), None, "two at once"),
            Event::ReplyStarted { in_reply_to, .. } => {
                assert!(failed.remove(in_reply_to), "an attempt at what has not failed");
                assert_eq!(open.replace(in_reply_to), None, "two at once");
            }
            Event::AssistantReplied { in_reply_to, .. } => assert_eq!(open.take(), Some(in_reply_to)),
            Event::ReplyFailed { in_reply_to, .. } => {
                assert_eq!(open.take(), Some(in_reply_to));
                failed.insert(in_reply_to);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(open, None, "a turn is left open");
}

#[test]
fn questions_and_answers_are_turns_at_their_own_times() {
    assert_tells(&["u1", "a1", "u2", "a2"], &["10 asked u1", "20 u1 answered a1", "30 asked u2", "40 u2 answered a2"]);
}

#[test]
fn a_question_without_an_answer_is_a_turn_that_failed() {
    assert_tells(
        &["u1", "u2", "a2", "u3"],
        &["10 asked u1", "10 u1 failed", "20 asked u2", "30 u2 answered a2", "40 asked u3", "40 u3 failed"],
    );
}

#[test]
fn turns_that_lay_in_each_other_stand_one_after_the_other_with_every_time_kept() {
    assert_tells(
        &["u1", "u2", "a1", "a2"],
        &[
            "10 asked u1",
            "10 u1 failed",
            "20 asked u2",
            "20 u2 failed",
            "30 u1 attempt 2",
            "30 u1 answered a1",
            "40 u2 attempt 2",
            "40 u2 answered a2",
        ],
    );
}

#[test]
fn an_answer_without_a_question_gets_words_that_say_so() {
    let asked = format!("10 asked {NO_QUESTION}");
    let told = new(&[], &["a1", "u2", "a2", "a3"]);
    assert_eq!(shown(&told.events)[0], asked);
    assert_eq!((told.messages, told.unasked, told.unanswered), (4, 2, 0));
    assert_eq!(shown(&told.events)[3..5], ["30 u2 answered a2", &format!("40 asked {NO_QUESTION}")]);
    assert_valid(&told.events);
}

#[test]
fn whatever_the_order_no_text_is_lost_and_importing_in_two_parts_keeps_all_too() {
    for pattern in 0..1 << 7 {
        let lines: Vec<String> =
            (0..7).map(|place| format!("{}{place}", if pattern >> place & 1 == 1 { 'a' } else { 'u' })).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let whole = new(&[], &lines);
        assert_valid(&whole.events);
        for cut in 1..7 {
            let first = new(&[], &lines[..cut]);
            let second = new(&first.events, &lines);
            assert_eq!((first.messages, second.messages), (cut as u64, 7 - cut as u64));
            let all = [first.events, second.events].concat();
            assert_valid(&all);
            for events in [&whole.events, &all] {
                assert_eq!(texts(events), lines.iter().map(ToString::to_string).collect(), "{lines:?}");
            }
            let again = Story::of(session(), &recorded(&all)).tell(&messages(&lines));
            assert_eq!(again, Import::Known, "{lines:?}");
        }
    }
}

fn texts(events: &[SealedEvent]) -> std::collections::BTreeSet<String> {
    let mut texts: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.envelope.event {
            Event::UserMessaged { content, .. } | Event::AssistantReplied { content, .. } => Some(content.clone()),
            _ => None,
        })
        .filter(|content| content != NO_QUESTION)
        .collect();
    texts.sort_by_key(|text| text[1..].to_owned());
    let count = texts.len();
    let texts: std::collections::BTreeSet<_> = texts.into_iter().collect();
    assert_eq!(texts.len(), count, "a text is there twice");
    texts
}

#[test]
fn a_conversation_that_went_on_here_is_left_as_it_is_and_an_erased_one_stays_erased() {
    let told = new(&[], &["u1", "a1"]);
    let head = told.events[1].head();
    let here = |event| SealedEvent::seal(head, ConversationId::of(&session()), Uuid::now_v7().into(), 99, event);
    let rated = here(Event::MessageRated { message_id: "u1".parse().unwrap(), rating: None });
    let gone_on = [told.events.clone(), vec![rated]].concat();
    let tell = |events: &[SealedEvent], lines: &[&str]| Story::of(session(), &recorded(events)).tell(&messages(lines));
    assert_eq!(tell(&gone_on, &["u1", "a1"]), Import::Known);
    assert_eq!(tell(&gone_on, &["u1", "a1", "u2", "a2"]), Import::GoneOn(2));
    let erased = [here(Event::ConversationErased { erased_events: 2, head: head.hash })];
    assert_eq!(tell(&erased, &["u1", "a1"]), Import::Erased);
}
