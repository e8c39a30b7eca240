//! Node.js and npm, which build the widget.

use std::process::Command;

use anyhow::{Result, bail};

use crate::process;

const OLDEST: u32 = 20;

/// Stops with a remedy unless Node.js is new enough and npm is there.
pub(crate) fn require() -> Result<()> {
    let mut node = Command::new("node");
    node.arg("--version");
    accept(process::answer(node).as_deref())?;
    if !process::succeeds(process::npm(&["--version"])) {
        bail!("npm was not found: install it, it comes with Node.js from https://nodejs.org (Debian: package `npm`)");
    }
    Ok(())
}

fn accept(version: Option<&str>) -> Result<()> {
    let Some(version) = version else {
        bail!("Node.js was not found: install version {OLDEST} or newer from https://nodejs.org");
    };
    if is_new_enough(version) {
        return Ok(());
    }
    bail!("Node.js {version} is too old: install version {OLDEST} or newer from https://nodejs.org");
}

/// Whether the widget can be built with this version.
pub(crate) fn is_new_enough(version: &str) -> bool {
    major(version).is_some_and(|major| major >= OLDEST)
}

fn major(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_20_and_newer_are_accepted() {
        assert!(accept(Some("v20.0.0")).is_ok());
        assert!(accept(Some("v24.11.1")).is_ok());
    }

    #[test]
    fn an_old_or_absent_node_is_refused_with_the_remedy() {
        let old = accept(Some("v18.20.4")).unwrap_err().to_string();
        assert_eq!(old, "Node.js v18.20.4 is too old: install version 20 or newer from https://nodejs.org");
        let absent = accept(None).unwrap_err().to_string();
        assert_eq!(absent, "Node.js was not found: install version 20 or newer from https://nodejs.org");
    }
}
