//! The files of `deploy/` and the workflows, checked as far as that goes without a cluster, a container engine and a forge.

mod container;
mod render;
mod rules;
mod schemas;
mod tools;

use std::path::Path;

use anyhow::Result;

use crate::process;
use render::Manifests;

pub(crate) use tools::{KUBECTL, Tools};

const DOCKERFILE: &str = "deploy/Dockerfile";
const WORKFLOWS: [&str; 2] = [".github/workflows/ci.yml", ".github/workflows/release.yml"];

/// Renders, checks and scans everything; what had to be left out is said.
pub(crate) fn check(tools: &Tools) -> Result<()> {
    let manifests = render::all(&tools.kubectl)?;
    schemas::check(tools, &manifests)?;
    scan(tools, &manifests)?;
    container::check(tools)?;
    let mut actionlint = tools.command("actionlint")?;
    actionlint.args(WORKFLOWS);
    process::relay(actionlint)?;
    rules::check(tools, &manifests)?;
    println!("deploy: {} sets of manifests, the image, compose and the workflows are in order", manifests.len());
    Ok(())
}

/// The policies of checkov: no finding, but for what has its reason beside it (`checkov.io/skip…: ID=reason`).
fn scan(tools: &Tools, manifests: &[Manifests]) -> Result<()> {
    let mut checkov = tools.command("checkov")?;
    // Without asking its makers' server for texts.
    checkov.args([
        "--skip-download",
        "--quiet",
        "--compact",
        "--framework",
        "kubernetes",
        "dockerfile",
        "github_actions",
    ]);
    let files = manifests.iter().map(|rendered| rendered.path.as_path()).chain([Path::new(DOCKERFILE)]);
    for file in files.chain(WORKFLOWS.map(Path::new)) {
        checkov.arg("--file").arg(file);
    }
    process::relay(checkov)
}
