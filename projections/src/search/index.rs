//! The full-text index: which words each message has. It keeps no text, and what is taken out leaves no trace in it.
//!
//! Messages are parted into spans by their numbers, and every word is kept with its span in front: `k1 the`, as one term. FTS5 reads
//! all entries of a beginning (`th*`) before it answers; so it reads those of a span, however many messages there are.

use rusqlite::Connection;

use super::split_keys;
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

/// What a batch of events changes, in order.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Of all changes, one after the other.
    words: String,
    changes: Vec<Change>,
}

/// A message that is put in or taken out.
#[derive(Debug)]
struct Change {
    number: i64,
    is_removal: bool,
    /// Where its words end, which begin at the end of those before.
    end: usize,
}

impl Changes {
    /// Indexes the message with that number; `words` are its [`words`].
    pub(crate) fn insert(&mut self, number: i64, words: &str) {
        self.push(number, words, false);
    }

    /// Takes a message out again; `content` has to be what was indexed.
    pub(crate) fn remove(&mut self, number: i64, content: &str) {
        self.push(number, &words(number, content), true);
    }

    /// Bytes of all words.
    pub(crate) fn size(&self) -> usize {
        self.words.len()
    }

    fn push(&mut self, number: i64, words: &str, is_removal: bool) {
        self.words.push_str(words);
        self.changes.push(Change { number, is_removal, end: self.words.len() });
    }

    /// Writes them to the index in `db`.
    pub(crate) fn write(&self, db: &Connection) -> rusqlite::Result<()> {
        let mut insert = db.prepare_cached("INSERT INTO message_words (rowid, words) VALUES (?1, ?2)")?;
        let mut remove =
            db.prepare_cached("INSERT INTO message_words (message_words, rowid, words) VALUES ('delete', ?1, ?2)")?;
        let (mut start, mut removed) = (0, Vec::new());
        for Change { number, is_removal, end } in &self.changes {
            let words = &self.words[start..*end];
            if *is_removal {
                remove.execute((number, words))?;
                removed.extend(words.split(' ').filter(|word| !word.is_empty()));
            } else {
                insert.execute((number, words))?;
            }
            start = *end;
        }
        if removed.is_empty() { Ok(()) } else { split_keys::forget(db, removed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each much more than FTS5 merges at a time, so that it pauses within merges.
    const BATCHES: i64 = 24;
    const WORDS: i64 = 800;

    /// With pages so small that there are many.
    fn index() -> Connection {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA).unwrap();
        db.execute_batch("INSERT INTO message_words (message_words, rank) VALUES ('pgsz', 128)").unwrap();
        db
    }

    /// Words of the message with that number, which lie scattered among those of all others.
    fn scattered(number: i64, end: &str) -> Vec<String> {
        let all = number * WORDS..(number + 1) * WORDS;
        all.map(|word| format!("{:08x}{end}", (word as u32).wrapping_mul(0x9E37_79B9))).collect()
    }

    /// Whose content ends with a word of its own.
    fn end(number: i64) -> &'static str {
        if number % 2 == 0 { "canary" } else { "other" }
    }

    fn write(db: &mut Connection, change: impl FnOnce(&mut Changes)) {
        let transaction = db.transaction().unwrap();
        let mut changes = Changes::default();
        change(&mut changes);
        changes.write(&transaction).unwrap();
        transaction.commit().unwrap();
    }

    /// Keys that hold the words that end so.
    fn keys_with(db: &Connection, end: &str) -> u64 {
        let sql = "SELECT count(*) FROM message_words_idx WHERE instr(term, CAST(?1 AS BLOB)) > 0";
        db.query_row(sql, [end], |row| row.get(0)).unwrap()
    }

    #[test]
    fn no_key_holds_a_word_that_was_taken_out_and_all_others_are_found() {
        let mut db = index();
        for number in 0..BATCHES {
            let content = scattered(number, end(number)).join(" ");
            write(&mut db, |changes| changes.insert(number, &words(number, &content)));
        }
        assert!(keys_with(&db, "canary") > 0, "the test would not find it");
        for number in (0..BATCHES).filter(|number| end(*number) == "canary") {
            let content = scattered(number, "canary").join(" ");
            write(&mut db, |changes| changes.remove(number, &content));
        }
        assert_eq!(keys_with(&db, "canary"), 0);
        db.execute_batch("INSERT INTO message_words (message_words) VALUES ('integrity-check')").unwrap();
        let mut find = db.prepare("SELECT rowid FROM message_words WHERE message_words MATCH ?1").unwrap();
        for number in (0..BATCHES).filter(|number| end(*number) == "other") {
            for word in scattered(number, "other") {
                let found: i64 =
                    find.query_row([format!("\"{}{word}\"", prefix(span(number)))], |row| row.get(0)).unwrap();
                assert_eq!(found, number, "{word}");
            }
        }
    }
}
