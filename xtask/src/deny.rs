//! `cargo xtask deny`: cargo-deny with the rules of `deny.toml`.

use anyhow::{Result, bail};

use crate::process;

pub(crate) fn deny(checks: &[String]) -> Result<()> {
    if !process::succeeds(process::cargo(&["deny", "--version"])) {
        bail!("cargo-deny is not installed: `cargo install --locked cargo-deny` gets it");
    }
    let mut command = process::cargo(&["deny", "check"]);
    command.args(checks);
    process::relay(command)
}
