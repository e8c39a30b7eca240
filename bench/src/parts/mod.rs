//! What is measured: one part a file.

pub(crate) mod append;
pub(crate) mod capacity;
pub(crate) mod first_token;
pub(crate) mod growth;
pub(crate) mod idle;
pub(crate) mod pod;
pub(crate) mod read_models;
pub(crate) mod start;
pub(crate) mod streams;
pub(crate) mod turns;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::goal::Row;
use crate::stand::Programs;
use crate::stats::Estimate;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Only whether everything runs, with numbers that say nothing.
    pub(crate) quick: bool,
}

impl Plan {
    pub(crate) fn blocks(self) -> usize {
        if self.quick { 1 } else { 10 }
    }

    /// `full`, or what is enough to see that it runs.
    pub(crate) fn or<T>(self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }
}

/// A figure that is no goal by itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Figure {
    pub(crate) part: String,
    pub(crate) what: String,
    pub(crate) arm: String,
    pub(crate) unit: String,
    #[serde(flatten)]
    pub(crate) figure: Estimate,
}

/// What a part found.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) rows: Vec<Row>,
    pub(crate) figures: Vec<Figure>,
    /// What was counted: turns, tokens, appends, starts. A quick run is judged by them.
    pub(crate) counted: u64,
}

impl Found {
    pub(crate) fn row(&mut self, row: Option<Row>) {
        self.rows.extend(row);
    }

    pub(crate) fn figure(&mut self, part: &str, what: &str, arm: &str, unit: &str, figure: Option<Estimate>) {
        let [part, what, arm, unit] = [part, what, arm, unit].map(str::to_owned);
        self.figures.extend(figure.map(|figure| Figure { part, what, arm, unit, figure }));
    }
}

/// A part by its name.
pub(crate) type Part = (&'static str, fn(&Programs, Plan) -> Result<Found>);

/// In the order of the goals.
pub(crate) const PARTS: &[Part] = &[
    ("first-token", first_token::measure),
    ("turns", turns::measure),
    ("streams", streams::measure),
    ("capacity", capacity::measure),
    ("append", append::measure),
    ("idle", idle::measure),
    ("read-models", read_models::measure),
    ("start", start::measure),
    ("growth", growth::measure),
    ("pod", pod::measure),
];
