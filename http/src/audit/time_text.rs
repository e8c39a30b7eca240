//! Times as people write and read them.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A time in milliseconds since the Unix epoch, given as that or as RFC 3339.
pub(crate) fn parse_time(text: &str) -> Result<u64, String> {
    if let Ok(milliseconds) = text.parse() {
        return Ok(milliseconds);
    }
    let parsed = OffsetDateTime::parse(text, &Rfc3339).map(|time| time.unix_timestamp_nanos() / 1_000_000);
    parsed.ok().and_then(|milliseconds| u64::try_from(milliseconds).ok()).ok_or_else(|| {
        "is not a time since 1970: give RFC 3339 such as 2026-01-31T12:00:00Z, or milliseconds since 1970".to_owned()
    })
}

/// A time in milliseconds since the Unix epoch, as RFC 3339 with three decimals.
pub(crate) fn time_text(milliseconds: u64) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000).ok();
    let whole = time.and_then(|time| time.replace_nanosecond(0).ok()?.format(&Rfc3339).ok());
    match whole {
        Some(whole) => format!("{}.{:03}Z", whole.trim_end_matches('Z'), milliseconds % 1000),
        // Beyond the year 9999.
        None => milliseconds.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_it_is_read() {
        for milliseconds in [0, 1, 999, 1_755_600_000_123, 1_755_600_000_000] {
            assert_eq!(parse_time(&time_text(milliseconds)), Ok(milliseconds), "{}", time_text(milliseconds));
        }
        assert_eq!(time_text(1_755_600_000_120), "2025-08-19T10:40:00.120Z");
        assert_eq!(parse_time("2025-08-19T12:40:00.12+02:00"), Ok(1_755_600_000_120));
        assert_eq!(parse_time("1755600000120"), Ok(1_755_600_000_120));
        assert_eq!(time_text(u64::MAX), u64::MAX.to_string());
    }

    #[test]
    fn what_is_no_time_is_refused_with_what_is_one() {
        for text in ["", "yesterday", "2025-08-19", "1969-01-01T00:00:00Z", "-1"] {
            assert!(parse_time(text).unwrap_err().contains("RFC 3339"), "{text}");
        }
    }
}
