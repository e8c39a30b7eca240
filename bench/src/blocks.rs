//! Blocks: every arm forth and back, A B C C B A, so that whatever else the machine does meanwhile meets all of them alike.

use anyhow::Result;

use crate::stats::Estimate;

/// What one arm gave in each block, forth and back.
pub(crate) type Pairs<T> = Vec<[T; 2]>;

/// Measures each of `arms` twice in each of `blocks` blocks, after one that fills caches and counts for nothing. The answer has
/// the arms' order.
pub(crate) fn interleave<A, T>(
    arms: &[A],
    blocks: usize,
    mut measure: impl FnMut(&A) -> Result<T>,
) -> Result<Vec<Pairs<T>>> {
    let mut all: Vec<Pairs<T>> = arms.iter().map(|_| Pairs::new()).collect();
    for block in 0..=blocks {
        let forth = arms.iter().map(&mut measure).collect::<Result<Vec<_>>>()?;
        let mut back = arms.iter().rev().map(&mut measure).collect::<Result<Vec<_>>>()?;
        back.reverse();
        if block > 0 {
            for ((pairs, one), other) in all.iter_mut().zip(forth).zip(back) {
                pairs.push([one, other]);
            }
        }
    }
    Ok(all)
}

/// A figure of each block: the mean of its two values.
pub(crate) fn figures<T>(pairs: &Pairs<T>, of: impl Fn(&T) -> f64) -> Vec<f64> {
    pairs.iter().map(|[one, other]| (of(one) + of(other)) / 2.0).collect()
}

/// The median over the blocks.
pub(crate) fn median<T>(pairs: &Pairs<T>, of: impl Fn(&T) -> f64) -> Option<Estimate> {
    Estimate::of(figures(pairs, of))
}

/// The median over the blocks of what two arms' figures come to together.
pub(crate) fn compare<T>(
    ours: &Pairs<T>,
    floor: &Pairs<T>,
    of: impl Fn(&T) -> f64,
    compared: impl Fn(f64, f64) -> f64,
) -> Option<Estimate> {
    let both = figures(ours, &of).into_iter().zip(figures(floor, &of));
    Estimate::of(both.map(|(ours, floor)| compared(ours, floor)).collect())
}

/// For [`compare`].
pub(crate) fn ratio(ours: f64, floor: f64) -> f64 {
    ours / floor
}

/// For [`compare`].
pub(crate) fn difference(ours: f64, floor: f64) -> f64 {
    ours - floor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_arm_is_measured_forth_and_back_and_the_first_block_does_not_count() {
        let mut order = String::new();
        let pairs = interleave(&['a', 'b', 'c'], 1, |arm| {
            order.push(*arm);
            Ok(order.len() as f64)
        });
        let pairs = pairs.unwrap();
        assert_eq!(order, "abccbaabccba");
        assert_eq!(pairs, [[[7.0, 12.0]], [[8.0, 11.0]], [[9.0, 10.0]]]);
        assert_eq!(compare(&pairs[2], &pairs[0], |value| *value, ratio).unwrap().median, 1.0);
    }
}
