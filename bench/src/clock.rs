//! A clock that all processes of a bench share.

use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds since 1970. Two processes of one machine may subtract theirs; the clock is not set while a bench runs.
pub(crate) fn now_us() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros() as u64
}
