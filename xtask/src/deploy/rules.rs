//! The alerts, by Prometheus' own tool, which also plays `alerts.test.yaml` through them.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::render::Manifests;
use super::tools::Tools;
use crate::process;

/// Where the rules lie for promtool; the tests beside them name this file.
const RULES: &str = "target/deploy/alerts.json";
const TESTS: &str = "deploy/kubernetes/components/monitoring/alerts.test.yaml";
const COPIED_TESTS: &str = "target/deploy/alerts.test.yaml";

pub(super) fn check(tools: &Tools, manifests: &[Manifests]) -> Result<()> {
    let rules =
        manifests.iter().find_map(|rendered| rules(&rendered.text)).context("no manifest has a PrometheusRule")?;
    // JSON is YAML.
    fs::write(RULES, serde_json::to_vec(&rules)?).with_context(|| format!("{RULES} cannot be written"))?;
    fs::copy(TESTS, COPIED_TESTS).with_context(|| format!("{TESTS} cannot be copied"))?;
    let Some(promtool) = &tools.promtool else {
        println!("alerts: not validated, since promtool is missing: install Prometheus' tools, or be root on Debian");
        return Ok(());
    };
    for arguments in [["check", "rules", RULES], ["test", "rules", COPIED_TESTS]] {
        let mut command = Command::new(promtool);
        command.args(arguments);
        process::relay(command)?;
    }
    Ok(())
}

/// The groups of the PrometheusRule, if there is one.
fn rules(manifests: &str) -> Option<Value> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(manifests).ok()?;
    documents.into_iter().find(|document| document["kind"] == "PrometheusRule").map(|mut rule| rule["spec"].take())
}
