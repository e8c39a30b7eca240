//! How long service was interrupted.

use std::collections::HashMap;
use std::time::Duration;

use chat_schema::MessageId;

use crate::seen::{End, Seen};

/// What visitors felt of one fault. Times are counted as in [`Seen`].
#[derive(Debug)]
pub struct Measures {
    pub messages: usize,
    /// Messages whose storing was acknowledged.
    pub acknowledged: usize,
    pub answered: usize,
    pub tries: usize,
    /// How the tries ended that were no answer, and how many did so.
    pub ends: Vec<(String, usize)>,
    /// Longest time without any new acknowledgement before the fault: what the machine's noise alone does.
    pub before: Duration,
    /// Longest time without any new acknowledgement from the fault on.
    pub interruption: Duration,
    /// From the fault until the first acknowledgement after that time.
    pub recovery: Duration,
    /// Longest time from a message's first try to its answer.
    pub slowest: Duration,
}

/// Measures a run with load from `from` to `until` whose fault began at `fault`.
pub fn measure(seen: &[Seen], from: Duration, fault: Duration, until: Duration) -> Measures {
    let mut messages: HashMap<&MessageId, Course> = HashMap::new();
    for one in seen {
        messages.entry(&one.message).or_default().take(one);
    }
    let courses = || messages.values();
    // What is told a second time was not acknowledged again.
    let mut news: Vec<_> = courses().flat_map(|course| [course.started, course.answered]).flatten().collect();
    news.sort_unstable();
    let (interruption, end_of_it) = longest_gap(&news, fault, until);
    Measures {
        messages: messages.len(),
        acknowledged: courses().filter(|course| course.started.is_some()).count(),
        answered: courses().filter(|course| course.answered.is_some()).count(),
        tries: seen.len(),
        ends: ends(seen),
        before: longest_gap(&news, from, fault).0,
        interruption,
        recovery: end_of_it.saturating_sub(fault),
        slowest: courses().filter_map(|course| Some(course.answered? - course.asked?)).max().unwrap_or_default(),
    }
}

/// First times of one message.
#[derive(Default)]
struct Course {
    asked: Option<Duration>,
    started: Option<Duration>,
    answered: Option<Duration>,
}

impl Course {
    fn take(&mut self, one: &Seen) {
        let earlier = |known: Option<Duration>, new: Option<Duration>| known.into_iter().chain(new).min();
        self.asked = earlier(self.asked, Some(one.asked));
        self.started = earlier(self.started, one.started);
        self.answered = earlier(self.answered, one.answer().map(|_| one.ended));
    }
}

/// The longest time without news between two moments, and its end.
fn longest_gap(news: &[Duration], from: Duration, until: Duration) -> (Duration, Duration) {
    let within = news.iter().copied().filter(|time| (from..until).contains(time));
    let ends: Vec<_> = within.chain([until]).collect();
    let begins = [from].into_iter().chain(ends.iter().copied());
    begins.zip(&ends).map(|(begin, end)| (*end - begin, *end)).max().unwrap_or_default()
}

fn ends(seen: &[Seen]) -> Vec<(String, usize)> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for one in seen {
        let end = match &one.end {
            End::Done(_) => continue,
            End::Error(error) => error.clone(),
            End::Refused(status, code) => format!("{status} {code}"),
            End::Cut => "cut".to_owned(),
            End::Silent => "silent".to_owned(),
        };
        *counts.entry(end).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort();
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn second(second: u64) -> Duration {
        Duration::from_secs(second)
    }

    #[test]
    fn the_longest_gap_reaches_from_the_last_news_before_to_the_first_after_it() {
        let news = [1, 2, 3, 8, 9].map(second);
        assert_eq!(longest_gap(&news, second(2), second(10)), (second(5), second(8)));
        assert_eq!(longest_gap(&news, second(5), second(10)), (second(3), second(8)));
        assert_eq!(longest_gap(&news, second(9), second(14)), (second(5), second(14)), "it never came back");
        assert_eq!(longest_gap(&[], second(1), second(3)), (second(2), second(3)));
    }
}
