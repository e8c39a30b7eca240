//! The file of a database that outlives its process: a line of JSON for each append.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use crate::record::Record;

/// Everything that was appended whole, and the file to append to.
pub(crate) fn open(path: &Path) -> io::Result<(Vec<Record>, File)> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
    let mut records = Vec::new();
    for line in whole.lines() {
        let append: Vec<Record> = serde_json::from_str(line)?;
        records.extend(append);
    }
    let file = File::options().create(true).append(true).open(path)?;
    // A process that was killed in the middle of a line never acknowledged it.
    file.set_len(whole.len() as u64)?;
    Ok((records, file))
}

/// Appends a line.
pub(crate) fn write(mut file: &File, append: &[Record]) -> io::Result<()> {
    let mut line = serde_json::to_vec(append)?;
    line.push(b'\n');
    file.write_all(&line)
}
