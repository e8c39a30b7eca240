//! `cargo xtask build`: the one file that is deployed.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::steps::Steps;
use crate::{dashboard, node, server, widget};

/// Builds it, with the log on EventStoreDB or without; the answer is the file.
pub(crate) fn build(eventstore: bool) -> Result<PathBuf> {
    node::require()?;
    let mut steps = Steps::new(3);
    steps.run("widget", widget::build)?;
    steps.run("dashboard", dashboard::build)?;
    let binary = steps.run("server", || server::build_release(eventstore))?;
    let size = std::fs::metadata(&binary)?.len();
    println!("{}  {}", from_here(&binary).display(), megabytes(size));
    Ok(binary)
}

fn from_here(path: &Path) -> &Path {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path)
}

pub(crate) fn megabytes(bytes: u64) -> String {
    let tenths = (bytes + 50_000) / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_to_a_tenth_of_a_megabyte() {
        assert_eq!(megabytes(14_249_999), "14.2 MB");
        assert_eq!(megabytes(14_250_000), "14.3 MB");
        assert_eq!(megabytes(40_000), "0.0 MB");
    }
}
