//! The full-text index: which words each message has. It keeps no text, and what is taken out leaves no trace in it.

use rusqlite::Connection;

use super::words::indexed;

/// The words come ready-made (`words.rs`), so that splitting at spaces is all that is left to the tokenizer. Where they
/// stand is looked up in the few messages that are shown, which makes the index smaller and faster to build.
pub(crate) const SCHEMA: &str = "
    CREATE VIRTUAL TABLE message_words USING fts5 (words, content = '', columnsize = 0, detail = none, tokenize = 'ascii');
    INSERT INTO message_words (message_words, rank) VALUES ('secure-delete', 1);
";

/// Indexes the message with that number.
pub(crate) fn insert(db: &Connection, number: i64, content: &str) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO message_words (rowid, words) VALUES (?1, ?2)")?
        .execute((number, indexed(content)))?;
    Ok(())
}

/// Takes a message out again; `content` has to be what was indexed.
pub(crate) fn delete(db: &Connection, number: i64, content: &str) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO message_words (message_words, rowid, words) VALUES ('delete', ?1, ?2)")?
        .execute((number, indexed(content)))?;
    Ok(())
}
