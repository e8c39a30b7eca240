//! Alerts, dashboards and the autoscaler ask for metrics that there are: a wrong name would be silent for ever.

use std::collections::BTreeSet;
use std::path::Path;

use crate::metrics::NAMES;

const FILES: [&str; 4] = [
    "monitoring/alerts.yaml",
    "monitoring/alerts.test.yaml",
    "monitoring/open-chat.json",
    "autoscaling/autoscaler.yaml",
];
/// Beginnings of the names of our own metrics; others are the cluster's.
const OURS: [&str; 2] = ["open_chat_", "process_"];

fn names_in(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| OURS.iter().any(|ours| word.starts_with(ours) && *word != *ours)).collect()
}

#[test]
fn every_metric_that_is_asked_for_is_served_and_every_one_that_is_served_is_asked_for() {
    let components = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/kubernetes/components");
    let mut asked = BTreeSet::new();
    for file in FILES {
        let text = std::fs::read_to_string(components.join(file)).unwrap();
        let names = names_in(&text);
        assert!(!names.is_empty(), "{file} asks for nothing of ours");
        for name in names {
            assert!(NAMES.contains(&name), "{file} asks for {name}, which `/metrics` does not have");
            asked.insert(name.to_owned());
        }
    }
    // Of a histogram the buckets are enough.
    let shown = |name: &str| asked.contains(name) || name.ends_with("_sum") || name.ends_with("_count");
    let idle: Vec<_> = NAMES.iter().filter(|name| name.starts_with("open_chat_") && !shown(name)).collect();
    assert!(idle.is_empty(), "nothing shows {idle:?}");
}

#[test]
fn names_are_found_in_queries() {
    let query =
        "sum(rate(open_chat_turns_total{outcome=\"failed\"}[5m])) / process_open_fds + kube_pod_info + max(open_chat_)";
    assert_eq!(names_in(query), BTreeSet::from(["open_chat_turns_total", "process_open_fds"]));
}
