//! The widget: its packages, its checks, its bundle.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::tally::Tally;
use crate::{node, precompress, process};

/// The bundle; only there after a build.
pub(crate) const BUNDLE: &str = "widget/dist/chat-widget.js";

const LOCK: &str = "widget/package-lock.json";
/// A copy of the lock file whose packages are installed; `npm ci` removes it with everything else when it starts.
const INSTALLED: &str = "widget/node_modules/.installed-lock.json";

/// Installs the packages that the lock file names, if that was not done yet.
pub(crate) fn install() -> Result<()> {
    node::require()?;
    if same(LOCK.as_ref(), INSTALLED.as_ref()) {
        return Ok(());
    }
    // `include=dev`, since NODE_ENV=production in the caller's environment would leave the build tools out.
    process::relay(process::npm(&["ci", "--include=dev", "--no-audit", "--no-fund"]))?;
    fs::copy(LOCK, INSTALLED).with_context(|| format!("{INSTALLED} cannot be written"))?;
    Ok(())
}

/// Makes the bundle and its compressed forms.
pub(crate) fn build() -> Result<()> {
    install()?;
    let bundle = Path::new(BUNDLE);
    // A new file beside the bundle is embedded only when the bundle is newer than the server.
    let before = if precompress::is_done(bundle) { Snapshot::of(bundle) } else { None };
    process::relay(process::npm(&["run", "--silent", "build"]))?;
    if let Some(before) = before {
        before.keep_time(bundle)?;
    }
    precompress::precompress(bundle)
}

/// Types, lints and format.
pub(crate) fn check() -> Result<()> {
    process::relay(process::npm(&["run", "--silent", "check"]))
}

/// The unit tests.
pub(crate) fn test(tally: &mut Tally) -> Result<()> {
    process::relay_tests(process::npm(&["run", "--silent", "test"]), tally)
}

fn same(one: &Path, other: &Path) -> bool {
    match (fs::read(one), fs::read(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// A file before a build that always writes it anew.
struct Snapshot {
    bytes: Vec<u8>,
    changed: SystemTime,
}

impl Snapshot {
    fn of(file: &Path) -> Option<Self> {
        Some(Self { bytes: fs::read(file).ok()?, changed: fs::metadata(file).ok()?.modified().ok()? })
    }

    /// Gives an unchanged file its old time of change: cargo would otherwise compile the server again.
    fn keep_time(&self, file: &Path) -> Result<()> {
        if fs::read(file).is_ok_and(|bytes| bytes == self.bytes) {
            fs::File::options().write(true).open(file)?.set_modified(self.changed)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_an_identical_copy_of_the_lock_file_counts_as_installed() {
        let folder = tempfile::tempdir().unwrap();
        let (lock, installed) = (folder.path().join("lock"), folder.path().join("installed"));
        fs::write(&lock, "a").unwrap();
        assert!(!same(&lock, &installed));
        fs::write(&installed, "a").unwrap();
        assert!(same(&lock, &installed));
        fs::write(&lock, "b").unwrap();
        assert!(!same(&lock, &installed));
    }

    #[test]
    fn a_bundle_built_anew_with_the_same_bytes_keeps_its_time_and_a_changed_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bundle.js");
        fs::write(&file, "one").unwrap();
        let mut before = Snapshot::of(&file).unwrap();
        before.changed -= Duration::from_secs(3600);
        fs::write(&file, "one").unwrap();
        before.keep_time(&file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), before.changed);
        fs::write(&file, "two").unwrap();
        before.keep_time(&file).unwrap();
        assert!(fs::metadata(&file).unwrap().modified().unwrap() > before.changed);
    }
}
