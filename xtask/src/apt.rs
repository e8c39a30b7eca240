//! Debian's packages, for the tools that a fresh machine lacks. Only root on a machine with apt gets them without asking.

use std::process::Command;

use anyhow::Result;

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

fn apt_get(args: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.args(args).env("DEBIAN_FRONTEND", "noninteractive");
    command
}
