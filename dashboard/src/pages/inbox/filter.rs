//! What of the list is asked for.

use crate::api::escape;

const DAY: u64 = 86_400_000;

/// A time range up to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Range {
    #[default]
    Any,
    Day,
    Week,
    Month,
}

impl Range {
    pub(super) const ALL: [Self; 4] = [Self::Any, Self::Day, Self::Week, Self::Month];

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Any => "Any time",
            Self::Day => "Last 24 hours",
            Self::Week => "Last 7 days",
            Self::Month => "Last 30 days",
        }
    }

    fn from(self, now: u64) -> Option<u64> {
        let days = match self {
            Self::Any => return None,
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 30,
        };
        Some(now.saturating_sub(days * DAY))
    }
}

/// The search and the filters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Filter {
    pub(super) words: String,
    pub(super) range: Range,
    pub(super) failed: bool,
    /// 0: any.
    pub(super) min_messages: u32,
}

impl Filter {
    /// Whether everything is shown.
    pub(super) fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// The address of a page of the list.
    pub(super) fn address(&self, cursor: Option<&str>, now: u64, escape: impl Fn(&str) -> String) -> String {
        let mut address = format!("/v1/admin/conversations?limit={}", super::store::PAGE);
        let mut add = |name: &str, value: &str| address.extend(["&", name, "=", value]);
        if !self.words.trim().is_empty() {
            add("q", &escape(self.words.trim()));
        }
        if let Some(from) = self.range.from(now) {
            add("from", &from.to_string());
        }
        if self.failed {
            add("failed", "true");
        }
        if self.min_messages > 0 {
            add("minMessages", &self.min_messages.to_string());
        }
        if let Some(cursor) = cursor {
            add("cursor", &escape(cursor));
        }
        address
    }

    /// The same, as the browser escapes.
    pub(super) fn page(&self, cursor: Option<&str>, now: u64) -> String {
        self.address(cursor, now, escape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_asked_for_is_not_in_the_address() {
        let plain = |text: &str| text.to_owned();
        assert_eq!(Filter::default().address(None, 0, plain), "/v1/admin/conversations?limit=50");
        let filter = Filter { words: " a ".into(), range: Range::Week, failed: true, min_messages: 4 };
        assert_eq!(
            filter.address(Some("c"), 8 * DAY, plain),
            "/v1/admin/conversations?limit=50&q=a&from=86400000&failed=true&minMessages=4&cursor=c"
        );
    }
}
