//! `cargo xtask dist`: the release archive, made without a container engine. The same commit, built at the same place by the same
//! toolchain, makes the same bytes.

mod archive;
mod notices;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use self::archive::{Entry, pack};
use crate::tidy::Tree;
use crate::{build, process};

const OUTPUT: &str = "target/dist";
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What whoever unpacks it finds beside the program.
const FILES: [&str; 4] = ["CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md"];
const FOLDERS: [&str; 2] = ["deploy/", "docs/"];
/// For builds of images, which need the whole repository.
const WITHOUT: [&str; 2] = ["deploy/Dockerfile", "deploy/Dockerfile.dockerignore"];
/// Tells builds of any kind which time to write into what they make.
const TIME: &str = "SOURCE_DATE_EPOCH";

pub(crate) fn dist() -> Result<()> {
    let binary = build::build(true)?;
    let name = format!("open-chat-{VERSION}-{}", target()?);
    let bytes = pack(&name, &entries(&binary)?, time()?)?;
    let archive = Path::new(OUTPUT).join(format!("{name}.tar.gz"));
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    fs::create_dir_all(OUTPUT)?;
    fs::write(&archive, &bytes).with_context(|| format!("{} cannot be written", archive.display()))?;
    // As `sha256sum --check` reads it.
    fs::write(archive.with_extension("gz.sha256"), format!("{digest}  {name}.tar.gz\n"))?;
    println!("{}  {}\nsha256 {digest}", archive.display(), build::megabytes(bytes.len() as u64));
    Ok(())
}

fn entries(binary: &Path) -> Result<Vec<Entry>> {
    let read = |file: &str| fs::read(file).with_context(|| format!("{file} cannot be read"));
    let program = fs::read(binary).with_context(|| format!("{} cannot be read", binary.display()))?;
    let mut entries = vec![
        Entry { name: "open-chat".to_owned(), executable: true, bytes: program },
        Entry { name: "THIRD-PARTY.md".to_owned(), executable: false, bytes: notices::notices()?.into_bytes() },
    ];
    for file in chosen(Tree::read(".".as_ref())?.names()) {
        entries.push(Entry { name: file.to_owned(), executable: false, bytes: read(file)? });
    }
    Ok(entries)
}

fn chosen<'a>(files: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let is_chosen = |file: &&str| {
        FILES.contains(file) || FOLDERS.iter().any(|folder| file.starts_with(folder)) && !WITHOUT.contains(file)
    };
    files.filter(is_chosen).collect()
}

/// The platform that cargo builds for.
fn target() -> Result<String> {
    let mut rustc = Command::new("rustc");
    rustc.arg("-vV");
    let told = process::answer(rustc).context("rustc does not tell its platform: is it on PATH?")?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(ToOwned::to_owned).context("rustc does not tell its platform")
}

/// Seconds since 1970 that every file of the archive has: those of the commit.
fn time() -> Result<u64> {
    if let Ok(given) = std::env::var(TIME) {
        return given.parse().with_context(|| format!("{TIME} is no number of seconds"));
    }
    let mut git = Command::new("git");
    // In a container of CI the checkout belongs to somebody else.
    git.args(["-c", "safe.directory=*", "log", "-1", "--format=%ct"]);
    match process::answer(git).and_then(|time| time.parse().ok()) {
        Some(time) => Ok(time),
        None => bail!("there is no commit to take the time from: set {TIME} to a number of seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_operator_needs_is_in_it_and_what_a_developer_needs_is_not() {
        let files = [
            "Cargo.toml",
            "LICENSE",
            "deploy/Dockerfile",
            "deploy/nats/single.conf",
            "docs/operations.md",
            "http/src/main.rs",
            "widget/LICENSE",
        ];
        assert_eq!(chosen(files.into_iter()), ["LICENSE", "deploy/nats/single.conf", "docs/operations.md"]);
    }

    #[test]
    fn every_file_that_is_named_is_there() {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        for file in FILES.iter().chain(&WITHOUT) {
            assert!(root.join(file).is_file(), "{file}");
        }
    }
}
