//! The browser of the browser tests: one that is there, else one from the distribution.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::{apt, process};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const PLACES: [&str; 1] = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];
/// The font too: without one, Chromium draws no text.
const PACKAGES: [&str; 2] = ["chromium", "fonts-dejavu-core"];

/// A browser that starts: CHROMIUM, else the first on PATH, else a newly installed one.
pub(crate) fn ensure() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM").filter(|named| !named.is_empty()) {
        let browser = process::on_path(&named).unwrap_or_else(|| named.into());
        if starts(&browser) {
            return Ok(browser);
        }
        bail!("CHROMIUM is {}, which does not start: let it name a Chromium, or unset it", browser.display());
    }
    if let Some(browser) = find() {
        return Ok(browser);
    }
    if apt::may_install() {
        apt::install(&PACKAGES)?;
    }
    match find() {
        Some(browser) => Ok(browser),
        None => bail!(
            "the browser tests need Chromium or Chrome: install it (Debian: `apt-get install {}`), \
             or name its file in CHROMIUM",
            PACKAGES.join(" ")
        ),
    }
}

fn find() -> Option<PathBuf> {
    let places = PLACES.iter().map(PathBuf::from);
    NAMES.iter().filter_map(process::on_path).chain(places).find(starts)
}

/// Ubuntu has a `chromium-browser` that only says where to get it.
fn starts(browser: &PathBuf) -> bool {
    let mut command = Command::new(browser);
    command.arg("--version");
    process::succeeds(command)
}
