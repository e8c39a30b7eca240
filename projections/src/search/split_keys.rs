//! What FTS5 tells the pages of a segment apart by, in `message_words_idx`: a beginning of each page's first word, and the whole of it
//! where a merge went on after a pause. `secure-delete` takes a word out of its page, but leaves the key while the page has other words.

use rusqlite::{Connection, OptionalExtension};

/// Stands before every word in FTS5's tables.
const MAIN_INDEX: u8 = b'0';

/// The words that are in the index, in order.
const WORDS: &str = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.indexed_word USING fts5vocab (main, message_words, row)";

/// Replaces the keys that one of `removed` begins with, which were in the index, and no word that still is.
pub(super) fn forget(db: &Connection, mut removed: Vec<&str>) -> rusqlite::Result<()> {
    db.execute_batch("INSERT INTO message_words (message_words) VALUES ('flush')")?;
    db.execute_batch(WORDS)?;
    removed.sort_unstable();
    let mut doubtful: Vec<(i64, Vec<u8>)> = Vec::new();
    let mut all = db.prepare_cached("SELECT segid, term FROM message_words_idx")?;
    let mut rows = all.query(())?;
    while let Some(row) = rows.next()? {
        let key = row.get_ref(1)?.as_blob()?;
        if begins_one(key, &removed) {
            doubtful.push((row.get(0)?, key.to_vec()));
        }
    }
    doubtful.iter().try_for_each(|(segment, key)| replace(db, *segment, key))
}

/// Whether one of `words`, which are sorted, begins with `key`. The first page's is empty.
fn begins_one(key: &[u8], words: &[&str]) -> bool {
    let [MAIN_INDEX, key @ ..] = key else { return false };
    let candidate = words.partition_point(|word| word.as_bytes() < key);
    words.get(candidate).is_some_and(|word| word.as_bytes().starts_with(key))
}

/// A key has to be above every word of the pages before and not above those of its own page. Without words its page needs none.
fn replace(db: &Connection, segment: i64, key: &[u8]) -> rusqlite::Result<()> {
    let next_key: Option<Vec<u8>> = db
        .prepare_cached("SELECT min(term) FROM message_words_idx WHERE segid = ?1 AND term > ?2")?
        .query_row((segment, key), |row| row.get(0))?;
    match next_word(db, key)? {
        Some(word) if word.starts_with(key) => Ok(()),
        Some(word) if next_key.is_none_or(|next| word < next) => {
            let shared = word.iter().zip(key).take_while(|(a, b)| a == b).count();
            db.prepare_cached("UPDATE message_words_idx SET term = ?3 WHERE segid = ?1 AND term = ?2")?
                .execute((segment, key, &word[..=shared]))
                .map(drop)
        }
        _ => db
            .prepare_cached("DELETE FROM message_words_idx WHERE segid = ?1 AND term = ?2")?
            .execute((segment, key))
            .map(drop),
    }
}

/// The first word of any page that is not below `key`, as a key.
fn next_word(db: &Connection, key: &[u8]) -> rusqlite::Result<Option<Vec<u8>>> {
    // A key may end within a letter, so it is no string of Rust's.
    db.prepare_cached("SELECT term FROM temp.indexed_word WHERE term >= CAST(?1 AS TEXT) ORDER BY term LIMIT 1")?
        .query_row([&key[1..]], |row| Ok([&[MAIN_INDEX], row.get_ref(0)?.as_bytes()?].concat()))
        .optional()
}
