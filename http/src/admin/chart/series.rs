//! What of the figures is drawn.

use chat_schema::{Durations, Figures};
use serde::Deserialize;

const DAYS_OF_A_WEEK: usize = 7;

/// A figure that can be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Metric {
    /// Conversations that began.
    Conversations,
    /// Messages, answers included.
    Messages,
    /// Attempts at an answer that failed.
    Failures,
    /// Tokens of prompts and answers.
    Tokens,
    /// Percentiles of the time to the first word.
    FirstToken,
    /// Percentiles of the time to the last word.
    AnswerTime,
}

/// How far apart the figures are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Step {
    /// An hour.
    Hour,
    /// A day of the reader's clock.
    Day,
    /// Seven days.
    Week,
}

/// Something to draw.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plot {
    /// Begin of each step, in milliseconds since the Unix epoch.
    pub(super) times: Vec<u64>,
    pub(super) series: Vec<Series>,
    /// Lines of durations; otherwise bars of counts, one upon the other.
    pub(super) lines: bool,
    /// Whether times of the day matter.
    pub(super) by_hour: bool,
}

/// One colour of a plot.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    pub(super) name: &'static str,
    pub(super) is_bad: bool,
    /// One a step; `None` where there was nothing.
    pub(super) values: Vec<Option<f64>>,
}

/// The plot of a metric. Percentiles of days do not add up to those of a week, so their lines go day by day there too.
pub(super) fn plot(metric: Metric, step: Step, steps: &[Figures]) -> Plot {
    let lines = matches!(metric, Metric::FirstToken | Metric::AnswerTime);
    let chunk = if step == Step::Week && !lines { DAYS_OF_A_WEEK } else { 1 };
    let times = steps.chunks(chunk).map(|chunk| chunk[0].from).collect();
    let counted = |name, is_bad, count: fn(&Figures) -> u64| {
        let sum = |chunk: &[Figures]| Some(chunk.iter().map(count).sum::<u64>() as f64);
        Series { name, is_bad, values: steps.chunks(chunk).map(sum).collect() }
    };
    let percentile = |name, of: fn(&Durations) -> u64| {
        let durations = |figures: &Figures| match metric {
            Metric::AnswerTime => figures.answer_time,
            _ => figures.time_to_first_token,
        };
        let value = |figures| durations(figures).map(|durations| of(&durations) as f64);
        Series { name, is_bad: false, values: steps.iter().map(value).collect() }
    };
    let series = match metric {
        Metric::Conversations => vec![counted("Conversations", false, |figures| figures.conversations)],
        Metric::Messages => vec![counted("Messages", false, |figures| figures.messages)],
        Metric::Failures => vec![counted("Failures", true, |figures| figures.failures.values().sum())],
        Metric::Tokens => vec![
            counted("Prompts", false, |figures| figures.prompt_tokens),
            counted("Answers", false, |figures| figures.completion_tokens),
        ],
        Metric::FirstToken | Metric::AnswerTime => vec![
            percentile("Half", |durations| durations.p50),
            percentile("9 of 10", |durations| durations.p90),
            percentile("99 of 100", |durations| durations.p99),
        ],
    };
    Plot { times, series, lines, by_hour: step == Step::Hour }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(count: u64) -> Vec<Figures> {
        let durations = |p50| Some(Durations { count: 1, p50, p90: 20, p99: 30 });
        let day = |number| Figures {
            from: number * 86_400_000,
            messages: number,
            time_to_first_token: if number == 0 { None } else { durations(number) },
            ..Figures::default()
        };
        (0..count).map(day).collect()
    }

    #[test]
    fn a_week_is_the_sum_of_its_days_and_the_last_may_be_short() {
        let plot = plot(Metric::Messages, Step::Week, &days(9));
        assert_eq!(plot.times, [0, 7 * 86_400_000]);
        assert_eq!(plot.series[0].values, [Some(21.0), Some(15.0)]);
    }

    #[test]
    fn percentiles_are_never_added_and_a_day_without_answers_is_a_gap() {
        let plot = plot(Metric::FirstToken, Step::Week, &days(3));
        assert_eq!(plot.series[0].values, [None, Some(1.0), Some(2.0)]);
        assert_eq!(plot.series.len(), 3);
    }
}
