//! Every alert leads to its own chapter of the operators' handbook, and every chapter there is about an alert.

use serde_json::Value;

use super::tree::Tree;

const ALERTS: &str = "deploy/kubernetes/components/monitoring/alerts.yaml";
const HANDBOOK: &str = "docs/operations.md";
/// How alerts are named, and so the headings of their chapters.
const PREFIX: &str = "OpenChat";

pub(super) fn complaints(tree: &Tree) -> Vec<String> {
    let (Some(alerts), Some(handbook)) = (tree.text(ALERTS), tree.text(HANDBOOK)) else {
        return vec![format!("{ALERTS} or {HANDBOOK}: is missing: write it")];
    };
    let Ok(rules) = serde_saphyr::from_str::<Value>(alerts) else {
        return vec![format!("{ALERTS}: is no YAML: correct it")];
    };
    let alerts: Vec<_> = alerts_of(&rules).collect();
    let chapters: Vec<_> = handbook.lines().filter_map(chapter).collect();
    let lost = alerts.iter().filter(|(name, _)| !chapters.contains(&name.as_str()));
    let lost =
        lost.map(|(name, _)| format!("{HANDBOOK}: has no chapter `### {name}`: say what it means and what to do"));
    let idle = chapters.iter().filter(|chapter| !alerts.iter().any(|(name, _)| name == *chapter));
    let idle =
        idle.map(|chapter| format!("{HANDBOOK}: {chapter} is no alert of {ALERTS}: delete or rename the chapter"));
    let astray = alerts.iter().filter(|(name, url)| !leads_to(url, name));
    let astray =
        astray.map(|(name, _)| format!("{ALERTS}: {name} does not lead to its chapter: correct its runbook_url"));
    lost.chain(idle).chain(astray).collect()
}

/// Name and address of its chapter, of each.
fn alerts_of(rules: &Value) -> impl Iterator<Item = (String, String)> {
    let groups = rules["spec"]["groups"].as_array().into_iter().flatten();
    let rules = groups.flat_map(|group| group["rules"].as_array().into_iter().flatten());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    rules.map(move |rule| (text(&rule["alert"]), text(&rule["annotations"]["runbook_url"])))
}

fn chapter(line: &str) -> Option<&str> {
    line.strip_prefix("### ").filter(|heading| heading.starts_with(PREFIX))
}

/// Forges make an anchor of a heading of one word by writing it small.
fn leads_to(url: &str, name: &str) -> bool {
    url.ends_with(&format!("/{HANDBOOK}#{}", name.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints_about(alert: &str, anchor: &str, handbook: &str) -> Vec<String> {
        let alerts = format!(
            "spec:\n  groups:\n    - rules:\n        - alert: {alert}\n          annotations:\n            runbook_url: \
             https://example.com/blob/main/docs/operations.md#{anchor}\n"
        );
        complaints(&Tree::of(&[(ALERTS, &alerts), (HANDBOOK, handbook)]))
    }

    #[test]
    fn an_alert_needs_its_chapter_and_a_chapter_its_alert() {
        assert_eq!(complaints_about("OpenChatDown", "openchatdown", "### OpenChatDown\n"), Vec::<String>::new());
        let found = complaints_about("OpenChatDown", "openchatdown", "### OpenChatUp\n### Backups\n");
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("`### OpenChatDown`") && found[1].contains("OpenChatUp is no alert"), "{found:?}");
    }

    #[test]
    fn an_alert_that_leads_elsewhere_is_named() {
        let found = complaints_about("OpenChatDown", "openchatup", "### OpenChatDown\n");
        assert!(found.len() == 1 && found[0].contains("runbook_url"), "{found:?}");
    }
}
