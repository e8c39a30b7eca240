//! Percentiles, and medians with the interval they are known to.

use serde::{Deserialize, Serialize};

/// How a number of times are spread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Quantiles {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

impl Quantiles {
    /// Zeros for no values.
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |percent: usize| {
            let rank = (values.len() * percent).div_ceil(100).max(1) - 1;
            values.get(rank).copied().unwrap_or_default()
        };
        Self { p50: at(50), p99: at(99), max: at(100) }
    }
}

/// A median, and the interval that holds the true one with at least 95 % certainty: from order statistics, so that nothing is
/// assumed of the distribution. With fewer than six values it is all of them, which is less certain.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Estimate {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// How many values it comes from.
    pub(crate) values: usize,
}

impl Estimate {
    /// `None` for no values.
    pub(crate) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (count, low) = (values.len(), cut(values.len()));
        let high = count.checked_sub(1 + low)?;
        let median = (values[(count - 1) / 2] + values[count / 2]) / 2.0;
        Some(Self { median, low: values[low], high: values[high], values: count })
    }

    /// Of a single value, which says nothing of its spread.
    pub(crate) fn single(value: f64) -> Self {
        Self { median: value, low: value, high: value, values: 1 }
    }
}

/// How many of `count` sorted values may be cut off at each end. The true median lies outside the rest if fewer values than that
/// happen to be on one side of it: coin tosses.
fn cut(count: usize) -> usize {
    let mut tail = 0.5_f64.powi(i32::try_from(count).unwrap_or(i32::MAX));
    let (mut term, mut cut) = (tail, 0);
    while cut < count / 2 {
        term *= (count - cut) as f64 / (cut + 1) as f64;
        tail += term;
        if tail > 0.025 {
            break;
        }
        cut += 1;
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let times = Quantiles::of((1..=200).rev().map(f64::from).collect());
        assert_eq!(times, Quantiles { p50: 100.0, p99: 198.0, max: 200.0 });
        assert_eq!(Quantiles::of(vec![]), Quantiles::default());
    }

    #[test]
    fn the_interval_of_a_median_is_that_of_the_sign_test() {
        // As in any table of the sign test: 5 values cannot be cut, of 6 to 8 none, of 9 to 11 one, of 12 to 14 two, of 20 five.
        let cuts: Vec<usize> = [5, 6, 8, 9, 11, 12, 14, 20].map(cut).to_vec();
        assert_eq!(cuts, [0, 0, 0, 1, 1, 2, 2, 5]);
        let estimate = Estimate::of((1..=10).map(f64::from).collect()).unwrap();
        assert_eq!((estimate.median, estimate.low, estimate.high), (5.5, 2.0, 9.0));
        assert_eq!(Estimate::of(vec![]), None);
    }
}
