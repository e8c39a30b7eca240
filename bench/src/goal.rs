//! Goals, and whether they hold.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::stats::Estimate;

/// A figure and what it should be.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Row {
    /// The goal it belongs to, 1 to 9; several rows may be one goal.
    pub(crate) goal: u8,
    pub(crate) what: String,
    pub(crate) unit: String,
    pub(crate) bound: Bound,
    #[serde(flatten)]
    pub(crate) figure: Estimate,
    pub(crate) verdict: Verdict,
}

/// What a figure may be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
    /// Any: it explains another one.
    Any,
}

/// Whether a goal holds, judged by the whole interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    Held,
    NotHeld,
    /// The bound is inside of the interval: the median holds it.
    HeldByMedian,
    /// The bound is inside of the interval: the median does not hold it.
    NotHeldByMedian,
    /// There is no bound.
    Told,
}

impl Row {
    pub(crate) fn new(goal: u8, what: impl Into<String>, unit: &str, bound: Bound, figure: Estimate) -> Self {
        let verdict = bound.judge(figure);
        Self { goal, what: what.into(), unit: unit.into(), bound, figure, verdict }
    }
}

impl Bound {
    fn judge(self, figure: Estimate) -> Verdict {
        let holds = |value: f64| match self {
            Self::AtMost(bound) => value <= bound,
            Self::AtLeast(bound) => value >= bound,
            Self::Any => true,
        };
        match (holds(figure.low), holds(figure.median), holds(figure.high)) {
            _ if self == Self::Any => Verdict::Told,
            (true, _, true) => Verdict::Held,
            (false, _, false) => Verdict::NotHeld,
            (_, true, _) => Verdict::HeldByMedian,
            (_, false, _) => Verdict::NotHeldByMedian,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(bound) => write!(f, "≤ {bound}"),
            Self::AtLeast(bound) => write!(f, "≥ {bound}"),
            Self::Any => f.write_str("–"),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Held => "held",
            Self::NotHeld => "not held",
            Self::HeldByMedian => "held by the median",
            Self::NotHeldByMedian => "not held by the median",
            Self::Told => "–",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_interval_decides() {
        let figure = |low, median, high| Estimate { median, low, high, values: 10 };
        let at_most = |low, median, high| Bound::AtMost(1.0).judge(figure(low, median, high));
        assert_eq!(at_most(0.8, 0.9, 1.0), Verdict::Held);
        assert_eq!(at_most(0.8, 0.9, 1.1), Verdict::HeldByMedian);
        assert_eq!(at_most(0.9, 1.05, 1.1), Verdict::NotHeldByMedian);
        assert_eq!(at_most(1.1, 1.2, 1.3), Verdict::NotHeld);
        assert_eq!(Bound::AtLeast(0.9).judge(figure(0.91, 1.0, 1.1)), Verdict::Held);
        assert_eq!(Bound::AtLeast(0.9).judge(figure(0.7, 0.8, 0.85)), Verdict::NotHeld);
    }
}
