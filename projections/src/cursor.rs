//! Places between two pages. Clients pass their text on as it came.

use std::fmt;
use std::str::FromStr;

use chat_schema::ConversationId;
use uuid::Uuid;

/// The last conversation of a page of the list; the next page begins after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub(crate) updated_at: u64,
    pub(crate) id: ConversationId,
}

/// The last message a search looked at; the next page begins with older ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchCursor {
    pub(crate) message: i64,
}

/// The last message of a page of a thread; the next page begins after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThreadCursor {
    pub(crate) turn: u64,
    pub(crate) is_answer: bool,
}

/// The text is not such a cursor.
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
        Ok(Self { updated_at: number(updated_at)?, id: id.parse().map_err(|_| InvalidCursor)? })
    }
}

impl fmt::Display for SearchCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "q{}", self.message)
    }
}

impl FromStr for SearchCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let message = number(text.strip_prefix('q').ok_or(InvalidCursor)?)?;
        Ok(Self { message: i64::try_from(message).map_err(|_| InvalidCursor)? })
    }
}

impl fmt::Display for ThreadCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t{}{}", self.turn, if self.is_answer { 'a' } else { 'q' })
    }
}

impl FromStr for ThreadCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let text = text.strip_prefix('t').ok_or(InvalidCursor)?;
        let (turn, is_answer) = match text.strip_suffix('a') {
            Some(turn) => (turn, true),
            None => (text.strip_suffix('q').ok_or(InvalidCursor)?, false),
        };
        Ok(Self { turn: number(turn)?, is_answer })
    }
}

/// Digits only: `parse` alone would take a sign too.
fn number(text: &str) -> Result<u64, InvalidCursor> {
    if text.starts_with('+') { Err(InvalidCursor) } else { text.parse().map_err(|_| InvalidCursor) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_being_text() {
        let cursor = Cursor { updated_at: 1_700_000_000_000, id: Uuid::from_u128(7).into() };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        let cursor = SearchCursor { message: 17 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for is_answer in [false, true] {
            let cursor = ThreadCursor { turn: 17, is_answer };
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
    }

    #[test]
    fn any_other_text_is_no_cursor() {
        let id = Uuid::from_u128(7);
        for text in
            ["", ".", "17", "x.y", "17.", "q", "q-1", "q+1", "q1.2", "q99999999999999999999", "t", "t1", "ta", "t-1a"]
                .map(str::to_owned)
                .into_iter()
                .chain([format!(".{id}"), format!("-1.{id}"), format!("+1.{id}"), format!("1.{id}.2")])
        {
            assert_eq!(text.parse::<Cursor>(), Err(InvalidCursor), "{text:?}");
            assert_eq!(text.parse::<SearchCursor>(), Err(InvalidCursor), "{text:?}");
            assert_eq!(text.parse::<ThreadCursor>(), Err(InvalidCursor), "{text:?}");
        }
    }

    #[test]
    fn a_cursor_of_one_list_is_none_of_another() {
        let list = Cursor { updated_at: 1, id: Uuid::from_u128(7).into() }.to_string();
        let search = SearchCursor { message: 17 }.to_string();
        assert!(list.parse::<SearchCursor>().is_err() && list.parse::<ThreadCursor>().is_err());
        assert!(search.parse::<Cursor>().is_err() && search.parse::<ThreadCursor>().is_err());
    }
}
