//! The table, and the same as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::goal::Row;
use crate::parts::{Figure, Found};

/// The file that holds the figures.
const FILE: &str = "bench.json";

/// What each part found when it was measured last.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Report(BTreeMap<String, Found>);

impl Report {
    /// What earlier runs wrote into `folder`: measuring some parts anew leaves the others as they are.
    pub(crate) fn read(folder: &Path) -> Self {
        let written = std::fs::read(folder.join(FILE)).ok();
        written.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default()
    }

    pub(crate) fn add(&mut self, part: &str, found: Found) {
        self.0.insert(part.to_owned(), found);
    }

    /// By goal.
    pub(crate) fn rows(&self) -> Vec<&Row> {
        let mut rows: Vec<_> = self.0.values().flat_map(|found| &found.rows).collect();
        rows.sort_by_key(|row| row.goal);
        rows
    }

    pub(crate) fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.0.values().flat_map(|found| &found.figures)
    }

    /// The goals, in Markdown.
    pub(crate) fn goals(&self) -> String {
        let mut table = "| goal | | bound | median | interval | |\n|---|---|---|---|---|---|\n".to_owned();
        for Row { goal, what, unit, bound, figure, verdict } in self.rows() {
            let [median, low, high] = [figure.median, figure.low, figure.high].map(number);
            let interval = if figure.values > 1 { format!("{low} to {high}") } else { String::new() };
            let _ = writeln!(table, "| {goal} | {what} | {bound} | {median} {unit} | {interval} | {verdict} |");
        }
        table
    }

    /// What else was measured, in Markdown.
    pub(crate) fn others(&self) -> String {
        let mut table = "| part | | arm | median | interval |\n|---|---|---|---|---|\n".to_owned();
        for Figure { part, what, arm, unit, figure } in self.figures() {
            let [median, low, high] = [figure.median, figure.low, figure.high].map(number);
            let _ = writeln!(table, "| {part} | {what} | {arm} | {median} {unit} | {low} to {high} |");
        }
        table
    }

    /// Writes them into `folder`.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let (file, json) = (folder.join(FILE), serde_json::to_string_pretty(self)?);
        std::fs::write(&file, json + "\n").with_context(|| format!("{} cannot be written", file.display()))
    }
}

/// Three digits that count.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_that_count() {
        assert_eq!([1234.5, 99.44, 1.006, 0.0123].map(number), ["1234", "99.4", "1.01", "0.012"]);
    }
}
