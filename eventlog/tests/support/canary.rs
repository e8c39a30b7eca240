//! Looks for words in the raw bytes of a directory's files.

#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use std::fs;
use std::path::{Path, PathBuf};

/// The files under `dir` that hold `words`, however deep.
pub(crate) fn traces(dir: &Path, words: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(dir) else { return found };
    for entry in entries.map_while(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(traces(&path, words));
        } else if fs::read(&path).is_ok_and(|bytes| holds(&bytes, words.as_bytes())) {
            found.push(path);
        }
    }
    found
}

fn holds(bytes: &[u8], words: &[u8]) -> bool {
    bytes.windows(words.len()).any(|window| window == words)
}
