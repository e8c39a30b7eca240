//! The figures of a time, by hour or by day.

use chat_schema::{Durations, Figures, Statistics, StatisticsStep};
use rusqlite::Connection;

use super::HOUR;
use super::failures::REASONS;
use super::histogram::Histogram;
use crate::columns::storable;

/// Hours of a day.
const DAY: u64 = 24;
const MINUTES: i32 = 60;

/// Most steps of a report.
const MAX_HOURS: u64 = 31 * DAY;
const MAX_DAYS: u64 = 366;

/// The time of a report: whole hours or days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Hours since the epoch.
    from: u64,
    to: u64,
    by: StatisticsStep,
}

/// Why there is no report of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPeriod {
    /// It ends before it begins, or holds no time.
    #[error("`from` must be before `to`")]
    Empty,
    /// It has more steps than an answer may.
    #[error("must be at most 31 days by hour, or 366 days by day")]
    TooLong,
}

impl Period {
    /// The steps that hold the time from `from` to before `to`, in milliseconds since the epoch. Days begin at midnight of a clock
    /// that is `offset` minutes ahead of UTC, or, as hours are all that is kept, within the hour after it.
    ///
    /// # Errors
    /// It is empty or too long.
    pub fn new(from: u64, to: u64, by: StatisticsStep, offset: i32) -> Result<Self, InvalidPeriod> {
        if from >= to {
            return Err(InvalidPeriod::Empty);
        }
        let (hours, most) = steps(by);
        let ahead = i64::from(offset.div_euclid(MINUTES)).rem_euclid(hours as i64) as u64;
        let from = ((from / HOUR + ahead) / hours * hours).saturating_sub(ahead);
        let to = (to.div_ceil(HOUR) + ahead).div_ceil(hours) * hours - ahead;
        if (to - from).div_ceil(hours) > most {
            return Err(InvalidPeriod::TooLong);
        }
        Ok(Self { from, to, by })
    }
}

/// Hours of a step, and how many there may be.
fn steps(by: StatisticsStep) -> (u64, u64) {
    match by {
        StatisticsStep::Hour => (1, MAX_HOURS),
        StatisticsStep::Day => (DAY, MAX_DAYS),
    }
}

#[derive(Default, Clone)]
struct Step {
    figures: Figures,
    first_token: Histogram,
    whole: Histogram,
}

impl Step {
    fn figures(self) -> Figures {
        let durations: [Option<Durations>; 2] = [self.first_token.durations(), self.whole.durations()];
        let [time_to_first_token, answer_time] = durations;
        Figures { time_to_first_token, answer_time, ..self.figures }
    }
}

/// The figures of `period`, step by step, and of all of it.
pub(crate) fn report(db: &Connection, period: Period) -> rusqlite::Result<Statistics> {
    let (hours, _) = steps(period.by);
    let count = (period.to - period.from) / hours;
    let blank = |step| Step {
        figures: Figures { from: (period.from + step * hours) * HOUR, ..Figures::default() },
        ..Step::default()
    };
    let mut sums = Sums { period, hours, steps: (0..count).map(blank).collect(), total: blank(0) };
    sums.counts(db)?;
    sums.failures(db)?;
    sums.durations(db)?;
    Ok(Statistics {
        from: period.from * HOUR,
        to: period.to * HOUR,
        by: period.by,
        steps: sums.steps.into_iter().map(Step::figures).collect(),
        total: sums.total.figures(),
    })
}

struct Sums {
    period: Period,
    hours: u64,
    steps: Vec<Step>,
    total: Step,
}

impl Sums {
    /// Adds to the step that holds `hour`, and to the total.
    fn add(&mut self, hour: u64, add: impl Fn(&mut Step)) {
        if let Some(step) = self.steps.get_mut(((hour - self.period.from) / self.hours) as usize) {
            add(step);
        }
        add(&mut self.total);
    }

    fn range(&self) -> (i64, i64) {
        (storable(self.period.from), storable(self.period.to))
    }

    fn counts(&mut self, db: &Connection) -> rusqlite::Result<()> {
        let mut hours = db.prepare_cached("SELECT * FROM hour WHERE hour >= ?1 AND hour < ?2")?;
        let mut rows = hours.query(self.range())?;
        while let Some(row) = rows.next()? {
            let count = |column: &str| row.get::<_, u64>(column);
            let (conversations, messages, answers) = (count("conversations")?, count("messages")?, count("answers")?);
            let (prompt, completion) = (count("prompt_tokens")?, count("completion_tokens")?);
            self.add(count("hour")?, |Step { figures, .. }| {
                figures.conversations += conversations;
                figures.messages += messages;
                figures.answers += answers;
                figures.prompt_tokens += prompt;
                figures.completion_tokens += completion;
            });
        }
        Ok(())
    }

    fn failures(&mut self, db: &Connection) -> rusqlite::Result<()> {
        let mut failures =
            db.prepare_cached("SELECT * FROM hour_failure WHERE hour >= ?1 AND hour < ?2 AND count > 0")?;
        let mut rows = failures.query(self.range())?;
        while let Some(row) = rows.next()? {
            let (_, reason) = crate::columns::entry(row, "reason", &REASONS)?;
            let count: u64 = row.get("count")?;
            self.add(row.get("hour")?, |Step { figures, .. }| {
                *figures.failures.entry(reason.to_owned()).or_default() += count;
            });
        }
        Ok(())
    }

    fn durations(&mut self, db: &Connection) -> rusqlite::Result<()> {
        let mut durations = db
            .prepare_cached("SELECT hour, is_whole, bucket, count FROM hour_duration WHERE hour >= ?1 AND hour < ?2")?;
        let mut rows = durations.query(self.range())?;
        while let Some(row) = rows.next()? {
            // By place: there are many of them, and looking up their names takes longest.
            let (hour, is_whole, bucket, count): (u64, bool, u64, u64) =
                (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            self.add(hour, |step| {
                let histogram = if is_whole { &mut step.whole } else { &mut step.first_token };
                histogram.add(bucket, count);
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_whole_steps_and_bounded() {
        use StatisticsStep::{Day, Hour};
        let period = |from, to, by| Period::new(from, to, by, 0).map(|period| (period.from, period.to));
        assert_eq!(period(1, 2, Hour), Ok((0, 1)));
        assert_eq!(period(HOUR, 2 * HOUR, Hour), Ok((1, 2)));
        assert_eq!(period(HOUR, 25 * HOUR, Day), Ok((0, 48)));
        assert_eq!(period(5, 5, Hour), Err(InvalidPeriod::Empty));
        assert_eq!(period(6, 5, Hour), Err(InvalidPeriod::Empty));
        assert_eq!(period(0, 31 * 24 * HOUR, Hour), Ok((0, 744)));
        assert_eq!(period(0, 31 * 24 * HOUR + 1, Hour), Err(InvalidPeriod::TooLong));
        assert_eq!(period(0, 366 * 24 * HOUR, Day), Ok((0, 366 * 24)));
        assert_eq!(period(0, 366 * 24 * HOUR + 1, Day), Err(InvalidPeriod::TooLong));
        assert_eq!(period(0, u64::MAX, Day), Err(InvalidPeriod::TooLong));
    }

    #[test]
    fn a_day_begins_at_midnight_of_the_readers_clock() {
        use StatisticsStep::{Day, Hour};
        let at = 50 * HOUR;
        let period = |by, offset| Period::new(at, at + 1, by, offset).map(|period| (period.from, period.to));
        assert_eq!(period(Day, 0), Ok((48, 72)));
        assert_eq!(period(Day, 120), Ok((46, 70)), "two hours ahead");
        assert_eq!(period(Day, -480), Ok((32, 56)), "eight hours behind");
        assert_eq!(period(Day, 330), Ok((43, 67)), "half an hour after midnight in India");
        assert_eq!(period(Day, -210), Ok((28, 52)), "half an hour after midnight in Newfoundland");
        assert_eq!(period(Hour, 330), Ok((50, 51)));
        assert_eq!(Period::new(0, 1, Day, 120).map(|period| (period.from, period.to)), Ok((0, 22)));
    }
}
