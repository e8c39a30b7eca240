use chat_schema::{Event, FailureReason, Figures, FinishReason, Statistics, StatisticsStep, Timings, Usage};

use super::Following;
use super::log_double::LogDouble;
use crate::Period;

const HOUR: u64 = 3_600_000;

impl LogDouble {
    fn answers_in(&self, session: &str, at: u64, message: &str, timings: (u64, u64), tokens: Option<(u64, u64)>) {
        let usage = tokens.map(|(prompt_tokens, completion_tokens)| Usage { prompt_tokens, completion_tokens });
        let event = Event::AssistantReplied {
            in_reply_to: message.parse().unwrap(),
            content: "answer".to_owned(),
            model: "model".to_owned(),
            finish_reason: FinishReason::Stop,
            usage,
            timings: Timings { first_token_ms: timings.0, total_ms: timings.1 },
        };
        self.happens(session, at, event);
    }
}

async fn report(models: &Following, from: u64, to: u64, by: StatisticsStep) -> Statistics {
    models.models.statistics(Period::new(from, to, by, 0).unwrap()).await.unwrap()
}

fn counts(figures: &Figures) -> (u64, u64, u64, u64) {
    (figures.from / HOUR, figures.conversations, figures.messages, figures.answers)
}

#[tokio::test]
async fn what_happened_is_counted_in_its_hour_and_hours_add_up_to_days() {
    let log = LogDouble::new(1);
    log.asks("alice", 10, "m1", "?");
    log.answers_in("alice", 20, "m1", (10, 200), Some((7, 3)));
    log.asks("bob", HOUR, "m1", "?");
    log.fails("bob", HOUR + 5, "m1");
    log.retried("bob", 2 * HOUR - 1, "m1");
    log.happens(
        "bob",
        2 * HOUR - 1,
        Event::ReplyFailed { in_reply_to: "m1".parse().unwrap(), reason: FailureReason::TimedOut },
    );
    log.retried("bob", 2 * HOUR, "m1");
    log.answers_in("bob", 2 * HOUR, "m1", (1_000, 60_000), None);
    log.asks("bob", 24 * HOUR, "m2", "?");
    log.stopped("bob", 24 * HOUR, "m2", "answ");
    let models = Following::all_of(log).await;

    let hours = report(&models, 0, 4 * HOUR, StatisticsStep::Hour).await;
    assert_eq!(
        hours.steps.iter().map(counts).collect::<Vec<_>>(),
        [(0, 1, 2, 1), (1, 1, 1, 0), (2, 0, 1, 1), (3, 0, 0, 0)]
    );
    let [first, second, third, _] = &hours.steps[..] else { panic!("{hours:?}") };
    assert_eq!((first.prompt_tokens, first.completion_tokens), (7, 3));
    assert_eq!(first.time_to_first_token.map(|times| (times.count, times.p50, times.p99)), Some((1, 10, 10)));
    assert_eq!(
        second.failures.iter().map(|(reason, count)| (reason.as_str(), *count)).collect::<Vec<_>>(),
        [("timed-out", 1), ("unavailable", 1)]
    );
    assert_eq!((second.answer_time, third.failures.len()), (None, 0));

    let days = report(&models, 5, 24 * HOUR + 1, StatisticsStep::Day).await;
    assert_eq!((days.from, days.to), (0, 48 * HOUR));
    assert_eq!(days.steps.iter().map(counts).collect::<Vec<_>>(), [(0, 2, 4, 2), (24, 0, 2, 1)]);
    assert_eq!(counts(&days.total), (0, 2, 6, 3));
    assert_eq!(Figures { from: 0, ..hours.total.clone() }, days.steps[0], "the first day has no more than these hours");
    let times = days.steps[0].answer_time.unwrap();
    assert_eq!(times.count, 2);
    assert!((200..225).contains(&times.p50) && (60_000..67_500).contains(&times.p99), "{times:?}");
}

#[tokio::test]
async fn an_erased_conversation_is_taken_out_of_the_figures() {
    let log = LogDouble::new(1);
    let tell = |session: &str| {
        log.asks(session, 10, "m1", "?");
        log.answers_in(session, HOUR, "m1", (10, 200), Some((7, 3)));
        log.asks(session, HOUR, "m2", "?");
        log.fails(session, HOUR, "m2");
    };
    tell("alice");
    let alone = Following::all_of(log).await;
    let expected = report(&alone, 0, 2 * HOUR, StatisticsStep::Hour).await;
    assert_eq!(counts(&expected.total), (0, 1, 3, 1));

    let log = &alone.log;
    log.asks("bob", 20, "m1", "?");
    log.answers_in("bob", 30, "m1", (1_000, 2_000), Some((1, 1)));
    log.asks("bob", HOUR, "m2", "?");
    log.fails("bob", HOUR, "m2");
    alone.catch_up().await;
    assert_ne!(report(&alone, 0, 2 * HOUR, StatisticsStep::Hour).await, expected);
    log.erased("bob", 2 * HOUR, 4);
    alone.catch_up().await;
    assert_eq!(report(&alone, 0, 2 * HOUR, StatisticsStep::Hour).await, expected);
}
