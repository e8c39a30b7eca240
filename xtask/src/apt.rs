//! Debian's packages, for the tools that a fresh machine lacks. Only root on a machine with apt gets them without asking.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;

/// Whether this user may install packages here.
pub(crate) fn may_install() -> bool {
    let mut id = Command::new("id");
    id.arg("-u");
    process::answer(id).as_deref() == Some("0") && process::on_path("apt-get").is_some()
}

/// Installs packages, with apt's output as it comes.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    process::relay(apt_get(&["update"]))?;
    process::relay(apt_get(&[&["install", "--yes", "--no-install-recommends"], packages].concat()))
}

/// A program that nothing but a Debian package carries: the first on PATH of that name, else `file` of `package`, unpacked into
/// target/tools; `None` where there is neither.
pub(crate) fn program(package: &str, file: &str) -> Result<Option<PathBuf>> {
    let folder = Path::new("target/tools").join(package);
    let unpacked = std::path::absolute(folder.join(file)).with_context(|| format!("{file} cannot be found"))?;
    let name = unpacked.file_name().unwrap_or_default();
    if let Some(found) = process::on_path(name).or_else(|| unpacked.is_file().then(|| unpacked.clone())) {
        return Ok(Some(found));
    }
    if !may_install() {
        return Ok(None);
    }
    unpack(package, &folder)?;
    Ok(unpacked.is_file().then_some(unpacked))
}

/// Unpacks a package into `folder` without installing it: nothing of it is started, and nobody else sees it.
fn unpack(package: &str, folder: &Path) -> Result<()> {
    let download = folder.with_extension("download");
    // What a call that was interrupted left there.
    let _ = fs::remove_dir_all(&download);
    fs::create_dir_all(&download).with_context(|| format!("{} cannot be made", download.display()))?;
    process::relay(apt_get(&["update"]))?;
    let mut get = apt_get(&["download", package]);
    get.current_dir(&download);
    process::relay(get)?;
    for file in fs::read_dir(&download)? {
        let mut unpack = Command::new("dpkg-deb");
        unpack.arg("--extract").arg(file?.path()).arg(folder);
        process::relay(unpack)?;
    }
    fs::remove_dir_all(&download).with_context(|| format!("{} cannot be removed", download.display()))
}

fn apt_get(args: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.args(args).env("DEBIAN_FRONTEND", "noninteractive");
    command
}
