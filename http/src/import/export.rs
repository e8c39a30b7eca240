//! The files of a Convex export: a ZIP as `npx convex export` writes it, the same unpacked, or the loose files of the two tables.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use zip::ZipArchive;

/// An export that was opened.
pub(super) enum Export {
    Folder(PathBuf),
    Zip(PathBuf, ZipArchive<BufReader<File>>),
}

/// One of its tables: a document a line.
pub(super) struct Table<'a> {
    /// Its file, for complaints.
    pub(super) name: String,
    lines: BufReader<Box<dyn Read + 'a>>,
}

impl Export {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        let file = BufReader::new(File::open(path).with_context(|| path.display().to_string())?);
        let archive = ZipArchive::new(file).map_err(|error| {
            anyhow!(
                "{}: neither a folder nor a ZIP file ({error}): give what `npx convex export` wrote",
                path.display()
            )
        })?;
        Ok(Self::Zip(path.to_owned(), archive))
    }

    pub(super) fn table(&mut self, table: &str) -> anyhow::Result<Table<'_>> {
        let names = [format!("{table}/documents.jsonl"), format!("{table}.jsonl")];
        let missing = |path: &Path| anyhow!("{}: has neither {} nor {}", path.display(), names[0], names[1]);
        let (name, bytes): (String, Box<dyn Read>) = match self {
            Self::Folder(folder) => {
                let file = names.iter().map(|name| folder.join(name)).find(|file| file.is_file());
                let file = file.ok_or_else(|| missing(folder))?;
                let name = file.display().to_string();
                (name.clone(), Box::new(File::open(&file).context(name)?))
            }
            Self::Zip(path, archive) => {
                let name = entry(archive, &names).ok_or_else(|| missing(path))?;
                let shown = format!("{}: {name}", path.display());
                (shown.clone(), Box::new(archive.by_name(&name).context(shown)?))
            }
        };
        Ok(Table { name, lines: BufReader::new(bytes) })
    }
}

/// The entry of this name, or the only one that has it in a folder: some pack the folder itself.
fn entry<R: Read + std::io::Seek>(archive: &ZipArchive<R>, names: &[String]) -> Option<String> {
    names.iter().find_map(|wanted| {
        let below = format!("/{wanted}");
        let mut found =
            archive.file_names().flatten().filter(|name| name == wanted || name.ends_with(&below)).map(String::from);
        found.next().filter(|_| found.next().is_none())
    })
}

impl Table<'_> {
    /// Calls `each` with the number and the bytes of every line that is not blank.
    pub(super) fn each(mut self, mut each: impl FnMut(u64, &[u8])) -> anyhow::Result<()> {
        const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
        let (mut line, mut number) = (Vec::new(), 0);
        loop {
            line.clear();
            number += 1;
            match self.lines.read_until(b'\n', &mut line) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) => bail!("{}: line {number}: {error}", self.name),
            }
            let text = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line).trim_ascii();
            if !text.is_empty() {
                each(number, text);
            }
        }
    }
}
