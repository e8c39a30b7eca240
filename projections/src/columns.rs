//! How values of the schema stand in SQLite columns.

use chat_schema::Role;
use rusqlite::Row;
use rusqlite::types::Type;
use uuid::Uuid;

/// SQLite's integers end at 2⁶³ − 1, and so do the times, versions and positions kept here.
pub(crate) fn storable(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// An id, stored as the 16 bytes of its UUID.
pub(crate) fn id<T: From<Uuid>>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    row.get::<_, Uuid>(column).map(T::from)
}

/// A value stored as text, checked again on its way out.
pub(crate) fn text<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<T>
where
    T: TryFrom<String>,
    T::Error: std::error::Error + Send + Sync + 'static,
{
    let index = row.as_ref().column_index(column)?;
    T::try_from(row.get(index)?)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error)))
}

/// The name of one of a few values; every value has one.
pub(crate) fn name<T: Copy + PartialEq>(value: T, names: &[(T, &'static str)]) -> Option<&'static str> {
    names.iter().find(|(named, _)| *named == value).map(|(_, name)| *name)
}

/// The value with the name that stands in `column`.
pub(crate) fn named<T: Copy>(row: &Row<'_>, column: &str, names: &[(T, &'static str)]) -> rusqlite::Result<T> {
    entry(row, column, names).map(|(value, _)| value)
}

/// The value with the name that stands in `column`, and that name.
pub(crate) fn entry<T: Copy>(
    row: &Row<'_>,
    column: &str,
    names: &[(T, &'static str)],
) -> rusqlite::Result<(T, &'static str)> {
    let index = row.as_ref().column_index(column)?;
    let found = row.get_ref(index)?.as_str()?;
    let entry = names.iter().find(|(_, name)| *name == found).copied();
    entry.ok_or_else(|| rusqlite::Error::InvalidColumnType(index, column.to_owned(), Type::Text))
}

/// Who speaks, where `column` says whether it is an answer.
pub(crate) fn role(row: &Row<'_>, column: &str) -> rusqlite::Result<Role> {
    Ok(if row.get(column)? { Role::Assistant } else { Role::User })
}
