//! What a batch of events adds to the figures, and what an erasure takes away.

use std::collections::HashMap;

use chat_schema::{FailureReason, Timings, Usage};
use rusqlite::Connection;

use super::HOUR;
use super::failures::REASONS;
use super::histogram::bucket;
use crate::columns::{self, storable};

/// Changes by hour, not yet written.
#[derive(Default)]
pub(crate) struct Tally {
    hours: HashMap<u64, Hour>,
    failures: HashMap<(u64, Option<&'static str>), i64>,
    /// By hour, whether it is the whole answer's, and bucket.
    durations: HashMap<(u64, bool, u64), i64>,
}

#[derive(Default)]
struct Hour {
    conversations: i64,
    messages: i64,
    answers: i64,
    prompt_tokens: i64,
    completion_tokens: i64,
}

impl Tally {
    /// A conversation that began then; `times` is 1, or −1 to take it out. So below.
    pub(crate) fn conversation(&mut self, at: u64, times: i64) {
        self.hour(at).conversations += times;
    }

    pub(crate) fn message(
        &mut self,
        at: u64,
        is_answer: bool,
        usage: Option<Usage>,
        timings: Option<Timings>,
        times: i64,
    ) {
        let hour = self.hour(at);
        hour.messages += times;
        hour.answers += times * i64::from(is_answer);
        if let Some(Usage { prompt_tokens, completion_tokens }) = usage {
            hour.prompt_tokens = hour.prompt_tokens.saturating_add(times * storable(prompt_tokens));
            hour.completion_tokens = hour.completion_tokens.saturating_add(times * storable(completion_tokens));
        }
        if let Some(Timings { first_token_ms, total_ms }) = timings {
            for (is_whole, ms) in [(false, first_token_ms), (true, total_ms)] {
                *self.durations.entry((at / HOUR, is_whole, bucket(ms))).or_default() += times;
            }
        }
    }

    pub(crate) fn failure(&mut self, at: u64, reason: FailureReason, times: i64) {
        *self.failures.entry((at / HOUR, columns::name(reason, &REASONS))).or_default() += times;
    }

    fn hour(&mut self, at: u64) -> &mut Hour {
        self.hours.entry(at / HOUR).or_default()
    }

    pub(crate) fn save(self, db: &Connection) -> rusqlite::Result<()> {
        let mut add = db.prepare_cached(
            "INSERT INTO hour VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET
             conversations = conversations + ?2, messages = messages + ?3, answers = answers + ?4,
             prompt_tokens = prompt_tokens + ?5, completion_tokens = completion_tokens + ?6",
        )?;
        for (hour, by) in self.hours {
            add.execute((
                storable(hour),
                by.conversations,
                by.messages,
                by.answers,
                by.prompt_tokens,
                by.completion_tokens,
            ))?;
        }
        let mut add = db.prepare_cached(
            "INSERT INTO hour_failure VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET count = count + ?3",
        )?;
        for ((hour, reason), count) in self.failures {
            add.execute((storable(hour), reason, count))?;
        }
        let mut add = db.prepare_cached(
            "INSERT INTO hour_duration VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET count = count + ?4",
        )?;
        for ((hour, is_whole, bucket), count) in self.durations {
            add.execute((storable(hour), is_whole, storable(bucket), count))?;
        }
        Ok(())
    }
}
