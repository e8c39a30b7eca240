//! A gzipped tar file that depends on nothing but what is put into it.

use std::io::Write;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

/// A file.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Its path, with `/` between.
    pub(super) name: String,
    pub(super) executable: bool,
    pub(super) bytes: Vec<u8>,
}

/// Packs the entries, sorted, into a folder of this name. Every file belongs to root and has this time, in seconds since 1970.
pub(super) fn pack(folder: &str, entries: &[Entry], time: u64) -> Result<Vec<u8>> {
    let mut sorted: Vec<_> = entries.iter().collect();
    sorted.sort_by(|one, other| one.name.cmp(&other.name));
    // The encoder writes neither a name nor a time of its own.
    let mut tar = Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
    for Entry { name, executable, bytes } in sorted {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(if *executable { 0o755 } else { 0o644 });
        header.set_mtime(time);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(bytes.len() as u64);
        tar.append_data(&mut header, format!("{folder}/{name}"), bytes.as_slice())
            .with_context(|| format!("{name} does not fit into the archive"))?;
    }
    let mut gzip = tar.into_inner()?;
    gzip.flush()?;
    Ok(gzip.finish()?)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    fn entry(name: &str, executable: bool, bytes: &[u8]) -> Entry {
        Entry { name: name.to_owned(), executable, bytes: bytes.to_vec() }
    }

    #[test]
    fn the_same_files_make_the_same_bytes_in_whatever_order_they_come() {
        let mut files = vec![entry("open-chat", true, &[7; 100_000]), entry("deploy/a.conf", false, b"a")];
        let one = pack("open-chat-1", &files, 1_755_600_000).unwrap();
        files.reverse();
        assert_eq!(pack("open-chat-1", &files, 1_755_600_000).unwrap(), one);
        files[0].executable = true;
        assert_ne!(pack("open-chat-1", &files, 1_755_600_000).unwrap(), one);
    }

    #[test]
    fn it_unpacks_to_a_folder_whose_files_belong_to_root_and_have_the_commits_time() {
        let files = [entry("open-chat", true, b"program"), entry("docs/a.md", false, b"words")];
        let packed = pack("open-chat-1", &files, 1_755_600_000).unwrap();
        let mut archive = tar::Archive::new(GzDecoder::new(packed.as_slice()));
        let found: Vec<_> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let mut entry = entry.unwrap();
                let mut text = String::new();
                entry.read_to_string(&mut text).unwrap();
                let header = entry.header();
                assert_eq!(
                    (header.mtime().unwrap(), header.uid().unwrap(), header.gid().unwrap()),
                    (1_755_600_000, 0, 0)
                );
                (entry.path().unwrap().display().to_string(), header.mode().unwrap(), text)
            })
            .collect();
        let expected = [("open-chat-1/docs/a.md", 0o644, "words"), ("open-chat-1/open-chat", 0o755, "program")];
        assert_eq!(found, expected.map(|(name, mode, text)| (name.to_owned(), mode, text.to_owned())));
    }
}
