//! The container of open-chat in a rendered overlay.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::DASHBOARD_PASSWORD;
use super::container::Container;
use crate::nats;

const OVERLAYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/kubernetes/overlays");

/// The secrets that who deploys has to make: name, key, value. Not the optional ones.
const SECRETS: [(&str, &str, &str); 5] = [
    ("open-chat", "OPENAI_API_KEY", "sk-test-key-of-the-model"),
    ("open-chat", "WIDGET_API_KEY", "widget-key-of-24-letters"),
    ("open-chat", "DASHBOARD_PASSWORD", DASHBOARD_PASSWORD),
    ("open-chat", "SESSION_SECRET", "a secret of at least 32 characters: one"),
    ("nats", "NATS_OPEN_CHAT_PASSWORD", nats::PASSWORD),
];

/// What a cluster would get; `None`, having said why, where there is no kubectl.
pub(super) fn rendered(overlay: &str) -> Option<Vec<Value>> {
    let Some(kubectl) = std::env::var_os("KUBECTL").filter(|named| !named.is_empty()) else {
        eprintln!("skipped, since there is no kubectl: `cargo xtask test` installs it, or name it in KUBECTL");
        return None;
    };
    let output = Command::new(kubectl).args(["kustomize", &format!("{OVERLAYS}/{overlay}")]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_saphyr::from_multiple(str::from_utf8(&output.stdout).unwrap()).unwrap())
}

pub(super) fn container(manifests: &[Value]) -> Container {
    let (pod, container) = (pod(manifests), open_chat(manifests));
    let variables = variables(manifests, container);
    for (port, variable) in [("http", "PORT"), ("metrics", "METRICS_ADDRESS")] {
        let listens = variables[variable].rsplit(':').next().map(str::to_owned);
        assert_eq!(listens, Some(port_named(container, port).to_string()), "{variable} is not the port {port}");
    }
    let user = &pod["securityContext"];
    Container {
        variables,
        mounts: list(container, "volumeMounts").filter_map(|mount| Some(mount["mountPath"].as_str()?.into())).collect(),
        user: format!("{}:{}", user["runAsUser"], user["fsGroup"]),
        probes: ["startupProbe", "livenessProbe", "readinessProbe"].map(|probe| path_of(&container[probe])).into(),
        grace: seconds(&pod["terminationGracePeriodSeconds"]),
    }
}

/// From the removal of a pod until it is asked to stop.
pub(super) fn pre_stop(manifests: &[Value]) -> Duration {
    seconds(&open_chat(manifests)["lifecycle"]["preStop"]["sleep"]["seconds"])
}

fn seconds(value: &Value) -> Duration {
    Duration::from_secs(value.as_u64().unwrap())
}

fn pod(manifests: &[Value]) -> &Value {
    &named(manifests, "Deployment", "open-chat")["spec"]["template"]["spec"]
}

fn open_chat(manifests: &[Value]) -> &Value {
    let container = &pod(manifests)["containers"][0];
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    container
}

fn named<'a>(manifests: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let found = manifests.iter().find(|it| it["kind"] == kind && it["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("there is no {kind} {name}"))
}

fn list<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value[field].as_array().unwrap_or_else(|| panic!("no {field} in {value}")).iter()
}

fn variables(manifests: &[Value], container: &Value) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for source in list(container, "envFrom") {
        let map = named(manifests, "ConfigMap", source["configMapRef"]["name"].as_str().unwrap());
        let data = map["data"].as_object().unwrap().iter();
        variables.extend(data.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())));
    }
    for variable in list(container, "env") {
        let value = variable["value"].as_str().or_else(|| secret(&variable["valueFrom"]["secretKeyRef"]));
        let name = variable["name"].as_str().unwrap().to_owned();
        variables.extend(value.map(|value| (name, value.to_owned())));
    }
    variables
}

/// `None` for a secret that may be missing.
fn secret(reference: &Value) -> Option<&'static str> {
    let known = SECRETS.iter().find(|(name, key, _)| reference["name"] == *name && reference["key"] == *key);
    assert!(known.is_some() || reference["optional"] == true, "nobody is told to make the secret {reference}");
    known.map(|(_, _, value)| *value)
}

fn port_named(container: &Value, name: &str) -> u64 {
    let port = list(container, "ports").find(|port| port["name"] == name);
    port.and_then(|port| port["containerPort"].as_u64()).unwrap_or_else(|| panic!("no port {name}"))
}

fn path_of(probe: &Value) -> String {
    assert_eq!(probe["httpGet"]["port"], "http", "{probe}");
    probe["httpGet"]["path"].as_str().unwrap().to_owned()
}
