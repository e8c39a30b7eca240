//! Which rows are near the eye: only those are in the document, however long the list is.

use std::ops::Range;

/// Height of a row, in pixels; the same in `inbox.css`.
pub(super) const ROW: f64 = 72.0;
/// Rows kept above and below what is seen.
const AROUND: usize = 8;

/// The rows to show of `rows`, when `top` pixels are above the eye and `height` are seen.
pub(super) fn visible(top: f64, height: f64, rows: usize) -> Range<usize> {
    let first = (top.max(0.0) / ROW) as usize;
    let last = ((top.max(0.0) + height) / ROW) as usize + 1;
    first.saturating_sub(AROUND).min(rows)..(last + AROUND).min(rows)
}

/// Where to scroll so that a row is seen, if it is not.
pub(super) fn revealed(row: usize, top: f64, height: f64) -> Option<f64> {
    let (begin, end) = (row as f64 * ROW, (row + 1) as f64 * ROW);
    if begin < top {
        Some(begin)
    } else if end > top + height {
        Some(end - height)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_of_a_million_are_shown() {
        assert_eq!(visible(0.0, 720.0, 1_000_000), 0..19);
        assert_eq!(visible(7_200.0, 720.0, 1_000_000), 92..119);
        assert_eq!(visible(0.0, 720.0, 3), 0..3);
        assert_eq!(visible(7_200.0, 720.0, 3), 3..3, "the list got shorter than the place in it");
    }

    #[test]
    fn a_row_that_is_seen_is_left_where_it_is() {
        assert_eq!(revealed(3, 0.0, 720.0), None);
        assert_eq!(revealed(0, 100.0, 720.0), Some(0.0));
        assert_eq!(revealed(20, 0.0, 720.0), Some(21.0 * ROW - 720.0));
    }
}
