//! A plot as SVG, in the design language's colours.

use std::error::Error;

use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use time::OffsetDateTime;

use super::Theme;
use super::series::{Plot, Series};

const HEIGHT: u32 = 220;
const FONT: &str = "system-ui, -apple-system, Segoe UI, Roboto, sans-serif";
const LETTERS: u32 = 12;
/// Pixels that a label of the time axis takes.
const LABEL: u32 = 84;
/// How much of a step its bar takes.
const BAR: f64 = 0.72;

/// The colours of a theme: text, grid, series, failures.
struct Colours {
    text: RGBColor,
    grid: RGBColor,
    series: [RGBColor; 3],
    bad: RGBColor,
}

const LIGHT: Colours = Colours {
    text: RGBColor(85, 99, 117),
    grid: RGBColor(227, 232, 238),
    series: [RGBColor(14, 165, 233), RGBColor(99, 102, 241), RGBColor(148, 163, 184)],
    bad: RGBColor(185, 28, 28),
};
const DARK: Colours = Colours {
    text: RGBColor(159, 176, 195),
    grid: RGBColor(42, 54, 68),
    series: [RGBColor(56, 189, 248), RGBColor(165, 180, 252), RGBColor(100, 116, 139)],
    bad: RGBColor(248, 113, 113),
};

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Draws it, `width` pixels wide; `offset` minutes are added to all times.
pub(super) fn svg(plot: &Plot, width: u32, offset: i32, theme: Theme) -> Result<String, Box<dyn Error>> {
    let colours = match theme {
        Theme::Light => &LIGHT,
        Theme::Dark => &DARK,
    };
    let mut picture = String::new();
    {
        let area = SVGBackend::with_string(&mut picture, (width, HEIGHT)).into_drawing_area();
        let (steps, highest) = (plot.times.len() as f64, highest(plot));
        let mut chart = ChartBuilder::on(&area)
            .margin(6)
            .margin_top(if plot.series.len() > 1 { 28 } else { 10 })
            .x_label_area_size(24)
            .y_label_area_size(52)
            .build_cartesian_2d(0.0..steps.max(1.0), 0.0..highest)?;
        let letters = (FONT, LETTERS).into_font().color(&colours.text);
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(colours.grid)
            .axis_style(colours.grid)
            .x_labels(0)
            .y_labels(4)
            .y_label_style(letters.clone())
            .y_label_formatter(&|value| if plot.lines { duration(*value) } else { count(*value) })
            .draw()?;
        if plot.lines {
            lines(&mut chart, plot, colours)?;
        } else {
            bars(&mut chart, plot, colours)?;
        }
        times(&area, &chart, plot, width, offset, &letters)?;
        legend(&area, plot, colours, &letters)?;
        area.present()?;
    }
    Ok(picture)
}

/// The top of the value axis: a round number with a little room, and never none.
fn highest(plot: &Plot) -> f64 {
    let sum = |at: usize| plot.series.iter().filter_map(|series| series.values[at]).sum::<f64>();
    let most = |at: usize| plot.series.iter().filter_map(|series| series.values[at]).fold(0.0, f64::max);
    let each = (0..plot.times.len()).map(|at| if plot.lines { most(at) } else { sum(at) });
    each.fold(0.0, f64::max).max(4.0) * 1.05
}

fn colour(series: &Series, at: usize, colours: &Colours) -> RGBColor {
    if series.is_bad { colours.bad } else { colours.series[at % colours.series.len()] }
}

fn bars(chart: &mut Chart<'_, '_>, plot: &Plot, colours: &Colours) -> Result<(), Box<dyn Error>> {
    let mut below = vec![0.0; plot.times.len()];
    let gap = (1.0 - BAR) / 2.0;
    for (number, series) in plot.series.iter().enumerate() {
        let colour = colour(series, number, colours).filled();
        let drawn = series
            .values
            .iter()
            .enumerate()
            .filter_map(|(at, value)| Some((at, (*value).filter(|value| *value > 0.0)?)));
        let rectangles: Vec<_> = drawn
            .map(|(at, value)| {
                let (left, foot) = (at as f64 + gap, below[at]);
                below[at] += value;
                Rectangle::new([(left, foot), (left + BAR, foot + value)], colour)
            })
            .collect();
        chart.draw_series(rectangles)?;
    }
    Ok(())
}

/// A line goes on over steps without a value: where nothing was answered, nothing was slow.
fn lines(chart: &mut Chart<'_, '_>, plot: &Plot, colours: &Colours) -> Result<(), Box<dyn Error>> {
    for (number, series) in plot.series.iter().enumerate().rev() {
        let colour = colour(series, number, colours);
        let points: Vec<(f64, f64)> =
            series.values.iter().enumerate().filter_map(|(at, value)| Some((at as f64 + 0.5, (*value)?))).collect();
        chart.draw_series(points.iter().map(|point| Circle::new(*point, 2, colour.filled())))?;
        chart.draw_series(LineSeries::new(points, colour.stroke_width(2)))?;
    }
    Ok(())
}

/// As many labels below the steps as fit.
fn times<'a>(
    area: &DrawingArea<SVGBackend<'a>, plotters::coord::Shift>,
    chart: &Chart<'_, 'a>,
    plot: &Plot,
    width: u32,
    offset: i32,
    letters: &TextStyle<'_>,
) -> Result<(), Box<dyn Error>> {
    let every = plot.times.len().div_ceil((width / LABEL).max(2) as usize).max(1);
    let foot = chart.plotting_area().get_pixel_range().1.end;
    let style = letters.pos(Pos::new(HPos::Center, VPos::Top));
    for (at, time) in plot.times.iter().enumerate().step_by(every) {
        let (x, _) = chart.backend_coord(&(at as f64 + 0.5, 0.0));
        area.draw_text(&label(*time, offset, plot.by_hour), &style, (x, foot + 8))?;
    }
    Ok(())
}

/// The names of the series, where there are several.
fn legend<'a>(
    area: &DrawingArea<SVGBackend<'a>, plotters::coord::Shift>,
    plot: &Plot,
    colours: &Colours,
    letters: &TextStyle<'_>,
) -> Result<(), Box<dyn Error>> {
    if plot.series.len() < 2 {
        return Ok(());
    }
    for (at, series) in plot.series.iter().enumerate() {
        let x = 60 + at as i32 * 96;
        area.draw(&Rectangle::new([(x, 9), (x + 10, 19)], colour(series, at, colours).filled()))?;
        area.draw_text(series.name, letters, (x + 16, 8))?;
    }
    Ok(())
}

/// `14:00`, or `23 Nov`.
fn label(at: u64, offset: i32, by_hour: bool) -> String {
    let seconds = (at / 1000) as i64 + i64::from(offset) * 60;
    let Ok(time) = OffsetDateTime::from_unix_timestamp(seconds) else { return String::new() };
    if by_hour {
        format!("{:02}:{:02}", time.hour(), time.minute())
    } else {
        format!("{} {}", time.day(), &time.month().to_string()[..3])
    }
}

/// `950`, `1.2k`, `3M`.
fn count(value: f64) -> String {
    match value {
        value if value >= 1e6 => short(value / 1e6, "M"),
        value if value >= 1e3 => short(value / 1e3, "k"),
        value if value.fract() == 0.0 => format!("{value}"),
        _ => String::new(),
    }
}

/// `850 ms`, `1.5 s`.
fn duration(value: f64) -> String {
    if value >= 1e3 { short(value / 1e3, " s") } else { format!("{value:.0} ms") }
}

fn short(value: f64, unit: &str) -> String {
    let tenths = (value * 10.0).round() / 10.0;
    format!("{tenths}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(lines: bool, values: &[Option<f64>]) -> Plot {
        let times = (0..values.len() as u64).map(|day| day * 86_400_000).collect();
        let series = |name| Series { name, is_bad: false, values: values.to_vec() };
        Plot { times, series: vec![series("One"), series("Other")], lines, by_hour: false }
    }

    #[test]
    fn what_is_drawn_is_well_formed_and_says_what_it_shows() {
        for lines in [false, true] {
            for values in [vec![], vec![None], vec![Some(0.0)], vec![Some(3.0), None, Some(1_500.0)]] {
                let picture = svg(&plot(lines, &values), 320, 60, Theme::Dark).unwrap();
                assert!(picture.starts_with("<svg") && picture.trim_end().ends_with("</svg>"), "{values:?}: {picture}");
                assert!(picture.contains("Other") && !picture.contains("NaN"), "{values:?}: {picture}");
                assert!(values.is_empty() || picture.contains("1 Jan"), "{values:?}: {picture}");
            }
        }
    }

    #[test]
    fn labels_are_short_and_in_the_readers_time() {
        assert_eq!(label(1_763_856_000_000, 0, false), "23 Nov");
        assert_eq!(label(1_763_856_000_000, -30, false), "22 Nov");
        assert_eq!(label(1_763_856_000_000, 90, true), "01:30");
        assert_eq!((count(950.0), count(1_240.0), count(3e6)), ("950".into(), "1.2k".into(), "3M".into()));
        assert_eq!((duration(850.0), duration(1_500.0)), ("850 ms".into(), "1.5 s".into()));
    }
}
