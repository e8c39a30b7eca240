//! The time that the figures are of.

use crate::ui::time;

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

/// How far apart the figures are: the parameter, a name, what a step of the statistics is, its length, how much is shown.
pub(super) const STEPS: [(&str, &str, &str, u64, u64); 3] = [
    ("hour", "Hours", "hour", HOUR, 48 * HOUR),
    ("day", "Days", "day", DAY, 30 * DAY),
    ("week", "Weeks", "day", DAY, 182 * DAY),
];

/// A time that is looked at, in steps of a clock that is `ahead` minutes of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    step: usize,
    from: u64,
    to: u64,
    ahead: i32,
}

impl Period {
    /// The newest of a step, or one further `back`.
    pub(super) fn of(step: usize, back: u64, now: u64, ahead: i32) -> Self {
        let (_, _, _, length, span) = STEPS[step];
        // The figures are kept by the hour.
        let hours = i64::from(ahead.div_euclid(60)) * HOUR as i64;
        let end = now.saturating_add_signed(hours).div_ceil(length) * length;
        let to = end.saturating_add_signed(-hours).saturating_sub(back * span);
        Self { step, from: to.saturating_sub(span), to, ahead }
    }

    pub(super) fn before(self) -> Self {
        Self { from: self.from.saturating_sub(self.to - self.from), to: self.from, ..self }
    }

    /// The step that begins then.
    pub(super) fn name_of(self, from: u64) -> String {
        if STEPS[self.step].3 == HOUR { time::full(from) } else { time::date_ahead(from, self.ahead) }
    }

    /// The query of both, figures and pictures.
    fn query(self, by: &str) -> String {
        let Self { from, to, ahead, .. } = self;
        format!("by={by}&from={from}&to={to}&offset={ahead}")
    }

    pub(super) fn statistics(self) -> String {
        format!("/v1/admin/statistics?{}", self.query(STEPS[self.step].2))
    }

    pub(super) fn chart(self, metric: &str, width: u32, theme: &str, look: u64) -> String {
        let query = self.query(STEPS[self.step].0);
        format!("/v1/admin/statistics/chart?metric={metric}&{query}&width={width}&theme={theme}&look={look}")
    }

    pub(super) fn sentence(self) -> String {
        format!("{} – {}", time::date_ahead(self.from, self.ahead), time::date_ahead(self.to - 1, self.ahead))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_ends_with_the_running_step_and_the_one_before_ends_where_it_begins() {
        let now = 100 * DAY + 1;
        let period = Period::of(1, 0, now, 0);
        assert_eq!((period.from, period.to), (71 * DAY, 101 * DAY));
        assert_eq!(period.before(), Period::of(1, 1, now, 0));
    }

    #[test]
    fn days_end_at_midnight_of_the_viewers_clock() {
        let now = 100 * DAY + 5 * HOUR;
        assert_eq!(Period::of(1, 0, now, 120).to, 101 * DAY - 2 * HOUR, "two hours ahead");
        assert_eq!(Period::of(1, 0, now, -480).to, 100 * DAY + 8 * HOUR, "still yesterday in California");
        assert_eq!(Period::of(1, 0, now, 330).to, 101 * DAY - 5 * HOUR, "half an hour after midnight");
    }
}
