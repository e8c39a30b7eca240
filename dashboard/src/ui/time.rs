//! Times, in the viewer's zone and language; durations and numbers, short.

use std::cell::RefCell;

use js_sys::Intl::DateTimeFormat;
use js_sys::{Array, Date, Function, Object, Reflect};
use sycamore::prelude::is_ssr;
use wasm_bindgen::JsValue;

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Milliseconds since the Unix epoch.
pub(crate) fn now() -> u64 {
    if is_ssr!() { 0 } else { Date::now() as u64 }
}

/// As short as it can be without being wrong: `now`, `5 min`, `14:03`, or a date.
pub(crate) fn brief(at: u64, now: u64) -> String {
    match now.saturating_sub(at) {
        age if age < MINUTE => "now".into(),
        age if age < HOUR => format!("{} min", age / MINUTE),
        age if age < DAY => time_of_day(at),
        _ => date(at),
    }
}

/// Hours and minutes.
pub(crate) fn time_of_day(at: u64) -> String {
    shown(at, &[("hour", "2-digit"), ("minute", "2-digit")])
}

/// Which day it is of the viewer's, counted from the epoch.
pub(crate) fn day(at: u64) -> u64 {
    let ahead = if is_ssr!() { 0 } else { -date_of(at).get_timezone_offset() as i64 };
    at.saturating_add_signed(ahead * MINUTE as i64) / DAY
}

/// Day, month and year.
pub(crate) fn date(at: u64) -> String {
    shown(at, &[("day", "numeric"), ("month", "short"), ("year", "numeric")])
}

/// The same, of a clock that is so many minutes ahead of UTC.
pub(crate) fn date_ahead(at: u64, minutes: i32) -> String {
    let at = at.saturating_add_signed(i64::from(minutes) * MINUTE as i64);
    shown(at, &[("day", "numeric"), ("month", "short"), ("year", "numeric"), ("timeZone", "UTC")])
}

/// Minutes that the viewer's clock is ahead of UTC now.
pub(crate) fn ahead() -> i32 {
    if is_ssr!() { 0 } else { -Date::new_0().get_timezone_offset() as i32 }
}

/// Everything, down to the second.
pub(crate) fn full(at: u64) -> String {
    shown(at, &[("dateStyle", "medium"), ("timeStyle", "medium")])
}

/// For `datetime` of a `time` element.
pub(crate) fn iso(at: u64) -> String {
    if is_ssr!() { at.to_string() } else { date_of(at).to_iso_string().into() }
}

/// A way to write a time: the options of `Intl.DateTimeFormat`.
type Format = &'static [(&'static str, &'static str)];

thread_local! {
    /// Making one takes a browser far longer than using it.
    static FORMATS: RefCell<Vec<(Format, Function)>> = const { RefCell::new(Vec::new()) };
}

fn shown(at: u64, format: Format) -> String {
    if is_ssr!() {
        return at.to_string();
    }
    let known =
        FORMATS.with_borrow(|formats| formats.iter().find(|(known, _)| *known == format).map(|(_, f)| f.clone()));
    let write = known.unwrap_or_else(|| {
        let made = formatter(format);
        FORMATS.with_borrow_mut(|formats| formats.push((format, made.clone())));
        made
    });
    let text = write.call1(&JsValue::NULL, &JsValue::from_f64(at as f64));
    text.ok().and_then(|text| text.as_string()).unwrap_or_default()
}

fn formatter(format: Format) -> Function {
    let options = Object::new();
    for (name, value) in format {
        // Setting a property of a new object does not fail.
        let _ = Reflect::set(&options, &JsValue::from_str(name), &JsValue::from_str(value));
    }
    DateTimeFormat::new(&Array::new(), &options).format()
}

fn date_of(at: u64) -> Date {
    Date::new(&JsValue::from_f64(at as f64))
}

/// A duration: `85 ms`, `2.4 s`, `3 min 5 s`.
pub(crate) fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..MINUTE => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        _ => format!("{} min {} s", ms / MINUTE, ms % MINUTE / 1_000),
    }
}

/// A number with its thousands apart by narrow spaces.
pub(crate) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut apart = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            apart.push('\u{202f}');
        }
        apart.push(digit);
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_as_short_as_it_can_be() {
        assert_eq!(duration(85), "85 ms");
        assert_eq!(duration(2_449), "2.4 s");
        assert_eq!(duration(185_000), "3 min 5 s");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1\u{202f}234\u{202f}567");
    }

    #[test]
    fn what_just_happened_is_told_in_minutes() {
        assert_eq!(brief(1_000, 30_000), "now");
        assert_eq!(brief(0, 5 * MINUTE), "5 min");
    }
}
