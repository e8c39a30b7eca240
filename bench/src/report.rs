//! The table, and the same as JSON.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::goal::Row;
use crate::parts::{Figure, Found};

/// All that a run found.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) rows: Vec<Row>,
    pub(crate) figures: Vec<Figure>,
}

impl Report {
    pub(crate) fn add(&mut self, found: Found) {
        self.rows.extend(found.rows);
        self.figures.extend(found.figures);
        self.rows.sort_by_key(|row| row.goal);
    }

    /// The goals, in Markdown.
    pub(crate) fn goals(&self) -> String {
        let mut table = "| goal | | bound | median | interval | |\n|---|---|---|---|---|---|\n".to_owned();
        for Row { goal, what, unit, bound, figure, verdict } in &self.rows {
            let [median, low, high] = [figure.median, figure.low, figure.high].map(number);
            let interval = if figure.values > 1 { format!("{low} to {high}") } else { String::new() };
            let _ = writeln!(table, "| {goal} | {what} | {bound} | {median} {unit} | {interval} | {verdict} |");
        }
        table
    }

    /// What else was measured, in Markdown.
    pub(crate) fn others(&self) -> String {
        let mut table = "| part | | arm | median | interval |\n|---|---|---|---|---|\n".to_owned();
        for Figure { part, what, arm, unit, figure } in &self.figures {
            let [median, low, high] = [figure.median, figure.low, figure.high].map(number);
            let _ = writeln!(table, "| {part} | {what} | {arm} | {median} {unit} | {low} to {high} |");
        }
        table
    }

    /// Writes `bench.json` into `folder`.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let (file, json) = (folder.join("bench.json"), serde_json::to_string_pretty(self)?);
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
