//! Kubernetes' own schemas, strictly: an unknown field is an error.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};

use super::render::Manifests;
use super::tools::Tools;

/// The oldest Kubernetes that the manifests are for, and the newest there is a schema of.
const VERSIONS: [&str; 2] = ["1.31", "1.37"];

/// Kinds that others define, for which there is no schema to be had.
const FOREIGN: [&str; 5] = ["ExternalSecret", "Gateway", "HTTPRoute", "PrometheusRule", "ServiceMonitor"];

pub(super) fn check(tools: &Tools, manifests: &[Manifests]) -> Result<()> {
    let mut without = BTreeSet::new();
    for version in VERSIONS {
        let mut validate = tools.command("kubernetes-validate")?;
        validate.args(["--strict", "--quiet", "--kubernetes-version", version]);
        validate.args(manifests.iter().map(|rendered| &rendered.path));
        let output = validate.output().context("kubernetes-validate cannot be started")?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        let (missing, rest): (Vec<&str>, Vec<&str>) =
            said.lines().partition(|line| kind_without_schema(line).is_some());
        if !output.status.success() || !rest.is_empty() {
            bail!("manifests do not fit the schemas of Kubernetes {version}:\n{}", rest.join("\n"));
        }
        without.extend(missing.into_iter().filter_map(kind_without_schema).map(ToOwned::to_owned));
    }
    if let Some(unknown) = without.iter().find(|kind| !FOREIGN.contains(&kind.as_str())) {
        bail!("there is no schema for {unknown}: correct its kind or apiVersion, or list it in {}", file!());
    }
    let without: Vec<_> = without.into_iter().collect();
    println!(
        "schemas of Kubernetes {}: in order; without a schema, not validated: {}",
        VERSIONS.join(" and "),
        without.join(", ")
    );
    Ok(())
}

/// Of `WARN a.yaml Couldn't find schema for kind Gateway with api version …`.
fn kind_without_schema(line: &str) -> Option<&str> {
    line.split_once("Couldn't find schema for kind ")?.1.split(' ').next()
}
