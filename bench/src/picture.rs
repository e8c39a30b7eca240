//! Pictures of the figures, as SVG.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;

use crate::goal::{Bound, Row};
use crate::parts::Figure;
use crate::report::{Report, number};

const WIDTH: u32 = 900;
const LINE: i32 = 26;
const TOP: i32 = 48;
/// Where names end and bars begin.
const LEFT: i32 = 520;
const BAR: i32 = 280;
const INK: RGBColor = RGBColor(31, 41, 55);
const QUIET: RGBColor = RGBColor(107, 114, 128);
const HELD: RGBColor = RGBColor(4, 120, 87);
const MISSED: RGBColor = RGBColor(190, 60, 20);
/// Everything up to this many times the bound fits.
const MOST: f64 = 2.0;

type Canvas<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws `goals.svg`, and a picture of every kind of figure that several arms have.
pub(crate) fn draw(report: &Report, folder: &Path) -> Result<()> {
    let bounded: Vec<_> = report.rows().into_iter().filter(|row| row.bound != Bound::Any).collect();
    if !bounded.is_empty() {
        goals(&bounded, &folder.join("bench-goals.svg"))?;
    }
    for (part, what, name) in [
        ("turns", "turns a second", "bench-turns.svg"),
        ("first-token", "first token, model takes 20 ms, p99", "bench-first-token.svg"),
        ("growth", "turns a second", "bench-growth.svg"),
    ] {
        let chosen: Vec<_> = report.figures().filter(|figure| figure.part == part && figure.what == what).collect();
        if !chosen.is_empty() {
            bars(&chosen, &folder.join(name))?;
        }
    }
    Ok(())
}

/// Each goal's figure beside its bound: what is left of the line holds.
fn goals(rows: &[&Row], file: &Path) -> Result<()> {
    let canvas = canvas(file, rows.len(), "Goals: how much of its bound each figure uses; left of the line it holds")?;
    let x = |used: f64| LEFT + (used.min(MOST) / MOST * f64::from(BAR)) as i32;
    let bottom = TOP + LINE * rows.len() as i32;
    line(&canvas, (x(1.0), TOP - 8), (x(1.0), bottom), &QUIET)?;
    for (row, y) in rows.iter().zip((TOP..).step_by(LINE as usize)) {
        let [median, low, high] =
            [row.figure.median, row.figure.low, row.figure.high].map(|value| used(row.bound, value));
        let colour = if median <= 1.0 { HELD } else { MISSED };
        words(&canvas, &format!("{}  {}", row.goal, row.what), (12, y), &INK)?;
        line(&canvas, (x(low.min(high)), y + 7), (x(low.max(high)), y + 7), &colour)?;
        canvas.draw(&Circle::new((x(median), y + 7), 4, colour.filled())).map_err(broken)?;
        let figure = format!("{} {}", number(row.figure.median), row.unit);
        words(&canvas, figure.trim_end(), (LEFT + BAR + 14, y), &colour)?;
    }
    canvas.present().map_err(broken)
}

/// 1: exactly the bound; less is better.
fn used(bound: Bound, value: f64) -> f64 {
    match bound {
        Bound::AtMost(bound) => (value / bound).max(0.0),
        Bound::AtLeast(bound) => (bound / value).max(0.0),
        Bound::Any => 0.0,
    }
}

fn bars(figures: &[&Figure], file: &Path) -> Result<()> {
    let first = figures.first().ok_or_else(|| anyhow!("nothing to draw"))?;
    let canvas = canvas(file, figures.len(), &format!("{}: {}, in {}", first.part, first.what, first.unit))?;
    let most = figures.iter().map(|figure| figure.figure.high).fold(f64::MIN_POSITIVE, f64::max);
    let x = |value: f64| LEFT + (value / most * f64::from(BAR)) as i32;
    for (figure, y) in figures.iter().zip((TOP..).step_by(LINE as usize)) {
        words(&canvas, &figure.arm, (12, y), &INK)?;
        let estimate = figure.figure;
        let bar = Rectangle::new([(LEFT, y), (x(estimate.median), y + 14)], HELD.mix(0.5).filled());
        canvas.draw(&bar).map_err(broken)?;
        line(&canvas, (x(estimate.low), y + 7), (x(estimate.high), y + 7), &INK)?;
        words(&canvas, &number(estimate.median), (LEFT + BAR + 14, y), &INK)?;
    }
    canvas.present().map_err(broken)
}

fn canvas<'a>(file: &'a Path, lines: usize, title: &str) -> Result<Canvas<'a>> {
    let height = TOP as u32 + LINE as u32 * lines as u32 + 12;
    let canvas = SVGBackend::new(file, (WIDTH, height)).into_drawing_area();
    canvas.fill(&WHITE).map_err(broken)?;
    words(&canvas, title, (12, 14), &INK)?;
    Ok(canvas)
}

fn words(canvas: &Canvas<'_>, text: &str, at: (i32, i32), colour: &RGBColor) -> Result<()> {
    let style = ("sans-serif", 13).into_font().color(colour);
    canvas.draw(&Text::new(text.to_owned(), at, style)).map_err(broken)
}

fn line(canvas: &Canvas<'_>, from: (i32, i32), to: (i32, i32), colour: &RGBColor) -> Result<()> {
    canvas.draw(&PathElement::new(vec![from, to], colour.stroke_width(2))).map_err(broken)
}

fn broken(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("a picture cannot be drawn: {error}")
}
