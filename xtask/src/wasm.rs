//! The wasm target, for which the crates the dashboard shares must compile.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process;

/// Its name.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Adds the target to the toolchain in use, if it is not there yet.
pub(crate) fn ensure() -> Result<()> {
    if installed() {
        return Ok(());
    }
    match Command::new("rustup").args(["target", "add", TARGET]).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => bail!("rustup refused the {TARGET} target: run `rustup target add {TARGET}` while online, then this"),
        Err(_) => bail!("the {TARGET} target is missing and so is rustup: install Rust from https://rustup.rs"),
    }
}

fn installed() -> bool {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", TARGET]);
    process::answer(rustc).is_some_and(|folder| Path::new(&folder).is_dir())
}
