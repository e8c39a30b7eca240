//! The full-text index: which words each message has. It keeps no text, and what is taken out leaves no trace in it.
//!
//! Messages are parted into spans by their numbers, and every word is kept with its span in front: `k1 the`, as one term. FTS5 reads
//! all entries of a beginning (`th*`) before it answers; so it reads those of a span, however many messages there are.

use rusqlite::Connection;

use super::words::indexed;

/// Messages of a span are those whose numbers are alike above this bit.
const SPAN_BITS: u32 = 16;

/// The words come ready-made (`words.rs`), so that splitting at spaces is all that is left to the tokenizer. Where they
/// stand is looked up in the few messages that are shown, which makes the index smaller and faster to build.
pub(crate) const SCHEMA: &str = "
    CREATE VIRTUAL TABLE message_words USING fts5 (words, content = '', columnsize = 0, detail = none, tokenize = 'ascii');
    INSERT INTO message_words (message_words, rank) VALUES ('secure-delete', 1);
";

/// The span of the message with that number.
pub(crate) fn span(number: i64) -> i64 {
    number >> SPAN_BITS
}

/// Number of the first message of a span.
pub(crate) fn first_of(span: i64) -> i64 {
    span << SPAN_BITS
}

/// What stands before every word of a span: its length first, so that none is the beginning of another.
pub(crate) fn prefix(span: i64) -> String {
    let digits = format!("{span:x}");
    format!("{:x}{digits}", digits.len())
}

/// What is indexed for the message with that number.
pub(crate) fn words(number: i64, content: &str) -> String {
    indexed(content, &prefix(span(number)))
}

/// Indexes the message with that number; `words` are its [`words`].
pub(crate) fn insert(db: &Connection, number: i64, words: &str) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO message_words (rowid, words) VALUES (?1, ?2)")?.execute((number, words))?;
    Ok(())
}

/// Takes a message out again; `content` has to be what was indexed.
pub(crate) fn delete(db: &Connection, number: i64, content: &str) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO message_words (message_words, rowid, words) VALUES ('delete', ?1, ?2)")?
        .execute((number, words(number, content)))?;
    Ok(())
}
