//! Figures by the hour: how much was said, how fast it was answered, what failed. They add up: the figures of a day are
//! the sums of its hours. An erased conversation is taken out of them, so that a rebuild gives the same.

pub(crate) mod failures;
mod histogram;
mod report;
mod tally;

pub(crate) use report::report;
pub use report::{InvalidPeriod, Period};
pub(crate) use tally::Tally;

pub(crate) const SCHEMA: &str = "
    -- Hours are counted from the epoch.
    CREATE TABLE hour (
        hour              INTEGER PRIMARY KEY,
        conversations     INTEGER NOT NULL,
        messages          INTEGER NOT NULL,
        answers           INTEGER NOT NULL,
        prompt_tokens     INTEGER NOT NULL,
        completion_tokens INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE hour_failure (
        hour   INTEGER NOT NULL,
        reason TEXT    NOT NULL,
        count  INTEGER NOT NULL,
        PRIMARY KEY (hour, reason)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE hour_duration (
        hour     INTEGER NOT NULL,
        -- Until the whole answer was there, else until its first token.
        is_whole INTEGER NOT NULL,
        bucket   INTEGER NOT NULL,
        count    INTEGER NOT NULL,
        PRIMARY KEY (hour, is_whole, bucket)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE failure (
        conversation INTEGER NOT NULL,
        version      INTEGER NOT NULL,
        at           INTEGER NOT NULL,
        reason       TEXT    NOT NULL,
        PRIMARY KEY (conversation, version)
    ) STRICT, WITHOUT ROWID;
";

/// Milliseconds.
pub(crate) const HOUR: u64 = 3_600_000;
