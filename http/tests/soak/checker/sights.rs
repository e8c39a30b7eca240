//! What visitors were shown, held against what is stored.

use std::collections::HashMap;
use std::time::Duration;

use chat_schema::{ConversationId, MessageId, SessionId};

use super::history::{History, Stored};
use super::{Lateness, Violation};
use crate::seen::{End, Seen};

/// How much the clocks of replicas and visitors, which are one machine's, may have been moved against each other in a run.
const CLOCKS: Duration = Duration::from_millis(250);

/// How late a follower may show the last words of an attempt that its owner ended: then it passes over what was on its way.
const ON_ITS_WAY: Duration = Duration::from_secs(2);

/// Every try of one message.
type Tries<'a> = Vec<&'a Seen>;

pub(super) fn check(
    histories: &HashMap<ConversationId, History>,
    seen: &[Seen],
    lateness: &Lateness,
    violations: &mut Vec<Violation>,
) {
    let mut sessions: HashMap<&SessionId, HashMap<&MessageId, Tries<'_>>> = HashMap::new();
    for one in seen {
        sessions.entry(&one.session).or_default().entry(&one.message).or_default().push(one);
    }
    let known: HashMap<_, _> = sessions.iter().map(|(session, tries)| (ConversationId::of(session), tries)).collect();
    for (conversation, history) in histories {
        let asked = |message: &MessageId| known.get(conversation).is_some_and(|tries| tries.contains_key(message));
        for unknown in history.messages.iter().filter(|stored| !asked(&stored.id)) {
            violations.push(Violation::UnknownMessage { conversation: *conversation, message: unknown.id.clone() });
        }
    }
    let nothing = History::default();
    for (conversation, messages) in known {
        let history = histories.get(&conversation).unwrap_or(&nothing);
        for (message, tries) in messages {
            let stored = history.message(message);
            check_message(message, stored, tries, violations);
            let at_least = match stored {
                Some(stored) if stored.failed_by_its_owners() => ON_ITS_WAY,
                _ => Duration::ZERO,
            };
            let late = |replica| lateness.get(&replica).copied().unwrap_or_default().max(at_least);
            if two_attempts_at_once(tries, late) {
                violations.push(Violation::TwoAttemptsAtOnce { message: MessageId::clone(message) });
            }
        }
        check_order(history, messages, violations);
    }
}

fn check_message(message: &MessageId, stored: Option<&Stored>, tries: &Tries<'_>, violations: &mut Vec<Violation>) {
    let mut found = |violation: fn(MessageId) -> Violation| {
        let violation = violation(message.clone());
        if !violations.contains(&violation) {
            violations.push(violation);
        }
    };
    match (stored, acknowledged(tries)) {
        (None, Some(_)) => found(|message| Violation::LostMessage { message }),
        (Some(stored), Some(at)) if at + CLOCKS < Duration::from_millis(stored.recorded_at) => {
            found(|message| Violation::LateMessage { message });
        }
        _ => {}
    }
    for one in tries {
        if stored.is_some_and(|stored| stored.text != one.text) {
            found(|message| Violation::WrongMessage { message });
        }
        if matches!(&one.end, End::Refused(_, code) if code == "message-id-used") {
            found(|message| Violation::IdRefused { message });
        }
        let Some(answer) = one.answer() else { continue };
        if one.shown() != answer {
            found(|message| Violation::WrongTokens { message });
        }
        match stored.map_or(&[][..], |stored| &stored.answers) {
            [] => found(|message| Violation::LostAnswer { message }),
            answers if answers.iter().all(|stored| stored != answer) => {
                found(|message| Violation::WrongAnswer { message });
            }
            _ => {}
        }
    }
    let mut answers = tries.iter().filter_map(|one| one.answer());
    let first = answers.next();
    if answers.any(|answer| Some(answer) != first) {
        found(|message| Violation::TwoAnswers { message });
    }
}

/// When a visitor was first told that the message is stored.
fn acknowledged(tries: &Tries<'_>) -> Option<Duration> {
    tries.iter().filter_map(|one| one.acknowledged()).min()
}

/// Every attempt of the model's has words of its own, so two texts of which neither begins with the other are two attempts. What may
/// have come late was surely shown only up to so long before its last token.
fn two_attempts_at_once(tries: &Tries<'_>, late: impl Fn(usize) -> Duration) -> bool {
    let sight = |one: &&Seen| {
        Some((one.shown(), one.tokens.first()?.0, one.tokens.last()?.0.saturating_sub(late(one.replica))))
    };
    let shown: Vec<(String, Duration, Duration)> = tries.iter().filter_map(sight).collect();
    let other = |a: &str, b: &str| !a.starts_with(b) && !b.starts_with(a);
    shown.iter().enumerate().any(|(i, (text, first, last))| {
        shown[..i].iter().any(|(text2, first2, last2)| other(text, text2) && first <= last2 && first2 <= last)
    })
}

/// What was acknowledged before something else was sent stands before it.
fn check_order(history: &History, messages: &HashMap<&MessageId, Tries<'_>>, violations: &mut Vec<Violation>) {
    let mut newest: Option<(Duration, &MessageId)> = None;
    for stored in &history.messages {
        let Some(tries) = messages.get(&stored.id) else {
            continue;
        };
        if let (Some(acknowledged), Some((asked, before))) = (acknowledged(tries), newest)
            && acknowledged < asked
        {
            violations.push(Violation::OrderLost { earlier: stored.id.clone(), later: before.clone() });
        }
        let asked = tries.iter().map(|one| one.asked).min();
        newest = newest.max(asked.map(|asked| (asked, &stored.id)));
    }
}
