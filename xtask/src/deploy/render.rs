//! Every overlay, and the components that no overlay uses, as the manifests that a cluster would get.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;

const OUTPUT: &str = "target/deploy";
const OVERLAYS: [&str; 2] = ["dev", "production"];

/// Other ways to put the components together, each with the base.
const COMBINATIONS: [(&str, &[&str]); 2] = [
    ("gateway", &["nats", "autoscaling", "gateway", "external-secrets", "monitoring"]),
    ("a-log-elsewhere", &["ingress"]),
];

/// A rendered file.
pub(super) struct Manifests {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// Renders them all below `target/deploy`.
pub(super) fn all(kubectl: &Path) -> Result<Vec<Manifests>> {
    let overlays = OVERLAYS.iter().map(|name| {
        let folder = Path::new("deploy/kubernetes/overlays").join(name);
        render(kubectl, name, &folder)
    });
    let combinations = COMBINATIONS.iter().map(|(name, components)| {
        let folder = Path::new(OUTPUT).join(name);
        fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        fs::write(folder.join("kustomization.yaml"), kustomization(components))?;
        render(kubectl, name, &folder)
    });
    overlays.chain(combinations).collect()
}

fn kustomization(components: &[&str]) -> String {
    let kubernetes = "../../../deploy/kubernetes";
    let components: String =
        components.iter().map(|component| format!("  - {kubernetes}/components/{component}\n")).collect();
    format!(
        "namespace: open-chat\nresources:\n  - {kubernetes}/base\ncomponents:\n{components}images:\n  \
         - {{name: ghcr.io/open-chat-widget/openchatwidget, newTag: {}}}\n",
        env!("CARGO_PKG_VERSION")
    )
}

fn render(kubectl: &Path, name: &str, folder: &Path) -> Result<Manifests> {
    let mut command = Command::new(kubectl);
    command.arg("kustomize").arg(folder);
    let text = String::from_utf8(process::output(command)?).context("kubectl printed no text")?;
    fs::create_dir_all(OUTPUT)?;
    let path = Path::new(OUTPUT).join(format!("{name}.yaml"));
    fs::write(&path, &text).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(Manifests { path, text })
}
