//! Judges a run: the whole log, and everything that visitors saw.
//!
//! Invariant: pure. It believes neither the server's nor the client's words about what is stored: it recomputes every hash and
//! folds every conversation by itself.

mod history;
mod log;
mod sights;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::Duration;

use chat_eventlog::Recorded;
use chat_schema::{ConversationId, EventId, MessageId};

use crate::seen::Seen;

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// The log does not hand out its events in the order of their positions.
    PositionsOutOfOrder { event: EventId },
    /// One event stands in the log twice.
    DoubledEvent { event: EventId },
    /// Two events of a conversation have this version.
    Fork { conversation: ConversationId, version: u64 },
    /// There is no event with this version, though there is a later one.
    Gap { conversation: ConversationId, version: u64 },
    /// The hash is not the one over the event before and this one's bytes.
    BrokenChain { conversation: ConversationId, version: u64 },
    /// The session of a message belongs to another conversation.
    WrongConversation { conversation: ConversationId, message: MessageId },
    /// A turn was opened while another was open.
    TurnsInterleaved { conversation: ConversationId, open: MessageId, opened: MessageId },
    /// A further attempt of what had not failed, or one with a wrong number.
    WrongAttempt { conversation: ConversationId, message: MessageId },
    /// The end of a turn that was not open.
    StrayEnd { conversation: ConversationId, message: MessageId },
    /// A message is stored more than once.
    DoubledMessage { conversation: ConversationId, message: MessageId },
    /// A message has more than one stored answer.
    DoubledAnswer { conversation: ConversationId, message: MessageId },
    /// A message is stored that nobody sent.
    UnknownMessage { conversation: ConversationId, message: MessageId },
    /// A visitor was told that a message is stored, and it is not.
    LostMessage { message: MessageId },
    /// A visitor was told that a message is stored before the event was made that holds it: it was lost, and came back only because
    /// the visitor sent it again.
    LateMessage { message: MessageId },
    /// A message is stored with another text than its visitor sent.
    WrongMessage { message: MessageId },
    /// A visitor was shown a whole answer, and none is stored.
    LostAnswer { message: MessageId },
    /// A visitor was shown another answer than the one that is stored.
    WrongAnswer { message: MessageId },
    /// The tokens that a visitor was shown are not the answer that came at their end.
    WrongTokens { message: MessageId },
    /// Two visitors were shown different whole answers of one message.
    TwoAnswers { message: MessageId },
    /// Two attempts at an answer were shown at the same time.
    TwoAttemptsAtOnce { message: MessageId },
    /// A message was acknowledged before another was sent, and stands after it.
    OrderLost { earlier: MessageId, later: MessageId },
    /// A visitor was told that an id names another message, which it does not.
    IdRefused { message: MessageId },
}

/// How much later than elsewhere tokens may arrive at a replica, by its number: one whose way to the others was slowed down shows an
/// attempt that failed until it hears of that.
pub type Lateness = HashMap<usize, Duration>;

/// All broken promises; empty if every promise was kept.
pub fn check(log: &[Recorded], seen: &[Seen], lateness: &Lateness) -> Vec<Violation> {
    let mut violations = Vec::new();
    log::check(log, &mut violations);
    let histories = history::of(log, &mut violations);
    sights::check(&histories, seen, lateness, &mut violations);
    violations
}
