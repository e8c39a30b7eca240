//! A place in the conversation list, between two pages.

use std::fmt;
use std::str::FromStr;

use chat_schema::ConversationId;
use uuid::Uuid;

/// The last conversation of a page; the next page begins after it. Clients pass the text on as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) updated_at: u64,
    pub(crate) id: ConversationId,
}

/// The text is not a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a cursor: pass `nextCursor` of the page before, unchanged")]
pub struct InvalidCursor;

impl Cursor {
    /// Above every conversation: the first page begins after it.
    pub(crate) fn top() -> Self {
        Self { updated_at: u64::MAX, id: Uuid::max().into() }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.updated_at, self.id)
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (updated_at, id) = text.split_once('.').ok_or(InvalidCursor)?;
        let updated_at = updated_at.parse().map_err(|_| InvalidCursor)?;
        let id = id.parse().map_err(|_| InvalidCursor)?;
        Ok(Self { updated_at, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_being_text() {
        let cursor = Cursor { updated_at: 1_700_000_000_000, id: Uuid::from_u128(7).into() };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
    }

    #[test]
    fn any_other_text_is_no_cursor() {
        let id = Uuid::from_u128(7);
        for text in ["", ".", "17", "x.y", "17.", &format!(".{id}"), &format!("-1.{id}"), &format!("1.{id}.2")] {
            assert_eq!(text.parse::<Cursor>(), Err(InvalidCursor), "{text:?}");
        }
    }
}
