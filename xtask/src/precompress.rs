//! Compressed forms beside a file, made once here so that the server never compresses it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Writes `<file>.br` and `<file>.gz`. A form that is there already keeps its time of change, which would otherwise
/// make cargo compile the server again.
pub(crate) fn precompress(file: &Path) -> Result<()> {
    let plain = fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    write_if_changed(&beside(file, "br"), &brotli(&plain)?)?;
    write_if_changed(&beside(file, "gz"), &gzip(&plain)?)
}

/// Whether all forms are there, up to date or not.
pub(crate) fn is_done(file: &Path) -> bool {
    beside(file, "br").is_file() && beside(file, "gz").is_file()
}

/// `<file>.<extension>`.
pub(crate) fn beside(file: &Path, extension: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

/// Leaves a file alone that is as it should be, its time of change included.
pub(crate) fn write_if_changed(file: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(file).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    fs::write(file, bytes).with_context(|| format!("{} cannot be written", file.display()))
}

fn brotli(plain: &[u8]) -> Result<Vec<u8>> {
    // The best quality, and the largest window that every browser accepts.
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 11, 22);
    encoder.write_all(plain)?;
    Ok(encoder.into_inner())
}

/// The best that gzip does.
pub(crate) fn gzip(plain: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn both_forms_unpack_to_the_file_itself() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("widget.js");
        fs::write(&file, "const a = 1;\n".repeat(500)).unwrap();
        assert!(!is_done(&file));
        precompress(&file).unwrap();
        assert!(is_done(&file));
        let (mut from_brotli, mut from_gzip) = (String::new(), String::new());
        let br = fs::read(folder.path().join("widget.js.br")).unwrap();
        let gz = fs::read(folder.path().join("widget.js.gz")).unwrap();
        brotli::Decompressor::new(br.as_slice(), 4096).read_to_string(&mut from_brotli).unwrap();
        flate2::read::GzDecoder::new(gz.as_slice()).read_to_string(&mut from_gzip).unwrap();
        let plain = fs::read_to_string(&file).unwrap();
        assert_eq!((from_brotli.as_str(), from_gzip.as_str()), (plain.as_str(), plain.as_str()));
    }

    #[test]
    fn a_form_that_is_up_to_date_keeps_its_time_of_change() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("widget.js");
        fs::write(&file, "const a = 1;").unwrap();
        precompress(&file).unwrap();
        let br = beside(&file, "br");
        let before = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        fs::File::options().write(true).open(&br).unwrap().set_modified(before).unwrap();
        precompress(&file).unwrap();
        assert_eq!(fs::metadata(&br).unwrap().modified().unwrap(), before);
    }
}
