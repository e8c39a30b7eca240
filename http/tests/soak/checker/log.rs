//! What holds of the log's events as such: positions, ids, versions and hashes.

use std::collections::{HashMap, HashSet};

use chat_eventlog::{Position, Recorded};
use chat_schema::{ConversationId, Head};

use super::Violation;

pub(super) fn check(log: &[Recorded], violations: &mut Vec<Violation>) {
    let mut ids = HashSet::new();
    let mut heads: HashMap<ConversationId, Head> = HashMap::new();
    let mut last = Position::START;
    for Recorded { position, event } in log {
        let id = event.envelope.id;
        if *position <= last {
            violations.push(Violation::PositionsOutOfOrder { event: id });
        }
        last = last.max(*position);
        if !ids.insert(id) {
            violations.push(Violation::DoubledEvent { event: id });
        }
        let (conversation, version) = (event.envelope.conversation_id, event.envelope.version);
        let head = heads.entry(conversation).or_insert(Head::EMPTY);
        if version <= head.version {
            violations.push(Violation::Fork { conversation, version });
            continue;
        }
        if version > head.version + 1 {
            violations.push(Violation::Gap { conversation, version: head.version + 1 });
        } else if !event.follows(*head) {
            violations.push(Violation::BrokenChain { conversation, version });
        }
        *head = event.head();
    }
}
