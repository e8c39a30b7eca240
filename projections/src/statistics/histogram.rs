//! Fixed buckets for durations, eight to a doubling: wide enough to be few, narrow enough that a percentile is off by an
//! eighth at most, and the same for every hour, so that hours add up.

use chat_schema::Durations;

/// As many buckets to every doubling, and as many exact ones twice.
const TO_A_DOUBLING: u64 = 8;
const EXACT: u64 = 2 * TO_A_DOUBLING;
const SHIFT: u32 = TO_A_DOUBLING.trailing_zeros();

/// How many durations fell into each bucket, up to the last that has any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Histogram(Vec<u64>);

/// The bucket of a duration in milliseconds.
pub(crate) fn bucket(ms: u64) -> u64 {
    if ms < EXACT {
        return ms;
    }
    let doubling = u64::from(ms.ilog2() - SHIFT);
    TO_A_DOUBLING * doubling + (ms >> doubling)
}

/// The longest duration that falls into a bucket.
fn longest(bucket: u64) -> u64 {
    if bucket < EXACT {
        return bucket;
    }
    let doubling = bucket / TO_A_DOUBLING - 1;
    let first = (bucket - TO_A_DOUBLING * doubling) << doubling;
    first + ((1 << doubling) - 1)
}

impl Histogram {
    pub(crate) fn add(&mut self, bucket: u64, count: u64) {
        let place = bucket as usize;
        if place >= self.0.len() {
            self.0.resize(place + 1, 0);
        }
        self.0[place] += count;
    }

    /// `None` of no durations.
    pub(crate) fn durations(&self) -> Option<Durations> {
        let count = self.0.iter().sum();
        (count > 0).then(|| Durations {
            count,
            p50: self.percentile(count, 50),
            p90: self.percentile(count, 90),
            p99: self.percentile(count, 99),
        })
    }

    fn percentile(&self, count: u64, percent: u64) -> u64 {
        let rank = (count * percent).div_ceil(100);
        let mut below = 0;
        let reaches = |(_, count): &(u64, &u64)| {
            below += **count;
            below >= rank
        };
        (0..).zip(&self.0).find(reaches).map_or(0, |(bucket, _)| longest(bucket))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_each_other_without_gap_and_are_an_eighth_wide_at_most() {
        let mut last = 0;
        for bucket_number in 0..400 {
            let end = longest(bucket_number);
            assert_eq!(bucket(end), bucket_number);
            assert_eq!(bucket(end + 1), bucket_number + 1);
            assert!(bucket_number == 0 || end - last <= 1 + end / 8, "{bucket_number} is too wide");
            last = end;
        }
        assert!(bucket(u64::from(u32::MAX) * 1000) < 400, "the longest that can come");
        assert!(bucket(i64::MAX as u64) < 600);
    }

    #[test]
    fn percentiles_are_the_longest_of_their_bucket() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.durations(), None);
        histogram.add(bucket(10), 89);
        histogram.add(bucket(1000), 10);
        histogram.add(bucket(60_000), 1);
        let durations = histogram.durations().unwrap();
        assert_eq!((durations.count, durations.p50), (100, 10));
        assert!((1000..1125).contains(&durations.p90) && durations.p99 == durations.p90, "{durations:?}");
        histogram.add(bucket(60_000), 1);
        assert!((60_000..67_500).contains(&histogram.durations().unwrap().p99));
    }
}
