//! Made-up conversations for trials and benches: as many as are wanted, the same ones for the same seed, to the byte.
//! Made one by one, so that a million take no more memory than the few that go on at the same time.

mod chance;
mod conversation;
mod words;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::vec;

use self::conversation::Story;
use self::words::Vocabulary;
use crate::envelope::SealedEvent;

/// The days the conversations are spread over.
pub const DAYS: u64 = 90;

const SPAN: u64 = DAYS * 86_400_000;

/// A number of conversations, made from a seed.
pub struct Samples {
    seed: u64,
    conversations: u64,
    /// When the first one begins.
    from: u64,
    vocabulary: Vocabulary,
}

impl Samples {
    /// `conversations` conversations of the 90 days before `until`, in milliseconds since the Unix epoch. The last ones go on
    /// for up to an hour after it.
    pub fn new(seed: u64, conversations: u64, until: u64) -> Self {
        Self { seed, conversations, from: until.saturating_sub(SPAN), vocabulary: Vocabulary::new() }
    }

    /// All events, in the order of their times.
    pub fn events(&self) -> impl Iterator<Item = SealedEvent> + Send + '_ {
        Merge { samples: self, begun: 0, open: BinaryHeap::new() }
    }

    /// The events of one conversation, in order.
    pub fn conversation(&self, number: u64) -> Vec<SealedEvent> {
        Story::of(self, number).tell()
    }

    /// The word that is said in conversation `number` and in no other.
    pub fn order_number(number: u64) -> u64 {
        10_000_000 + number
    }

    /// The time from which on conversation `number` may begin; that of the next one comes no earlier.
    fn beginning(&self, number: u64) -> u64 {
        self.from + (u128::from(number) * u128::from(SPAN) / u128::from(self.conversations.max(1))) as u64
    }

    /// The time from one beginning to the next, in milliseconds.
    fn distance(&self) -> u64 {
        SPAN / self.conversations.max(1)
    }
}

/// Conversations that go on at the same time, the one with the next event on top.
struct Merge<'a> {
    samples: &'a Samples,
    begun: u64,
    open: BinaryHeap<Reverse<Open>>,
}

impl Iterator for Merge<'_> {
    type Item = SealedEvent;

    fn next(&mut self) -> Option<SealedEvent> {
        while self.begun < self.samples.conversations && self.next_begins() {
            self.open.extend(Open::of(self.begun, self.samples.conversation(self.begun).into_iter()).map(Reverse));
            self.begun += 1;
        }
        let Reverse(Open { event, number, rest, .. }) = self.open.pop()?;
        self.open.extend(Open::of(number, rest).map(Reverse));
        Some(event)
    }
}

impl Merge<'_> {
    /// Whether the next conversation may begin before the next event of those that are open.
    fn next_begins(&self) -> bool {
        let next = self.open.peek().map(|Reverse(open)| open.event.envelope.recorded_at);
        next.is_none_or(|next| self.samples.beginning(self.begun) <= next)
    }
}

struct Open {
    event: SealedEvent,
    number: u64,
    rest: vec::IntoIter<SealedEvent>,
}

impl Open {
    fn of(number: u64, mut rest: vec::IntoIter<SealedEvent>) -> Option<Self> {
        rest.next().map(|event| Self { event, number, rest })
    }

    fn place(&self) -> (u64, u64) {
        (self.event.envelope.recorded_at, self.number)
    }
}

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.place() == other.place()
    }
}

impl Eq for Open {}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Open {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.place().cmp(&other.place())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::envelope::Head;
    use crate::event::Event;
    use crate::hash::Hash;
    use crate::ids::ConversationId;

    const UNTIL: u64 = 1_767_225_600_000;

    fn all(seed: u64) -> Vec<SealedEvent> {
        Samples::new(seed, 500, UNTIL).events().collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_bytes_and_another_one_others() {
        assert_eq!(all(1), all(1));
        let ids = |seed| all(seed).into_iter().map(|event| event.envelope.id).collect::<Vec<_>>();
        let others = ids(2);
        assert!(ids(1).iter().all(|id| !others.contains(id)));
    }

    #[test]
    fn what_a_seed_makes_does_not_change() {
        let made = all(1).iter().fold(Hash::ZERO, |head, event| Hash::link(&head, &event.bytes));
        assert_eq!(made.to_string(), "8acf786845b26aa499be5e9ac9e6d283ad745ede95dd9ddd18a44c39c4bf8053");
    }

    #[test]
    fn events_come_in_the_order_of_their_times_and_every_chain_is_whole() {
        let (mut last, mut heads) = (0, HashMap::<ConversationId, Head>::new());
        let mut interleaved = 0;
        let mut previous = None;
        for event in Samples::new(1, 200_000, UNTIL).events().take(5_000) {
            let head = heads.entry(event.envelope.conversation_id).or_insert(Head::EMPTY);
            assert!(event.follows(*head) && event.envelope.recorded_at >= last);
            interleaved += u32::from(head.version > 0 && previous != Some(event.envelope.conversation_id));
            (*head, last, previous) = (event.head(), event.envelope.recorded_at, Some(event.envelope.conversation_id));
        }
        assert!(interleaved > 1_000, "{interleaved}");
    }

    #[test]
    fn they_fill_the_days_before_and_hold_what_happens_in_conversations() {
        let events = all(1);
        let at = |event: Option<&SealedEvent>| event.unwrap().envelope.recorded_at;
        assert!(at(events.first()) - (UNTIL - SPAN) < SPAN / 100 && at(events.last()).abs_diff(UNTIL) < SPAN / 100);
        let count = |name: &str| events.iter().filter(|event| event.envelope.event.name() == name).count();
        for name in ["UserMessaged", "ReplyStarted", "AssistantReplied", "ReplyFailed", "ReplyStopped", "MessageRated"]
        {
            assert!(count(name) > 0, "no {name}");
        }
        let conversations = events.iter().filter(|event| event.envelope.version == 1).count();
        assert_eq!(conversations, 500);
        assert!(events.iter().all(|event| match &event.envelope.event {
            Event::UserMessaged { session_id, .. } => session_id.is_private(),
            _ => true,
        }));
    }
}
