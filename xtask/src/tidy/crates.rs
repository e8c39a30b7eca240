//! Which of our crates may depend on which.

use cargo_metadata::Metadata;

/// Nothing may depend on `chat-http`. A new crate gets its line here.
const ALLOWED: &[(&str, &[&str])] = &[
    ("chat-schema", &[]),
    ("chat-eventlog", &["chat-schema"]),
    // Holds the tests of the log on EventStoreDB.
    ("chat-fake-eventstore", &["chat-eventlog", "chat-schema"]),
    ("chat-actors", &["chat-eventlog", "chat-schema"]),
    ("chat-projections", &["chat-eventlog", "chat-schema"]),
    ("chat-http", &["chat-actors", "chat-eventlog", "chat-projections", "chat-schema"]),
    ("chat-dashboard", &["chat-schema"]),
    // Measures the server as a program, from outside.
    ("chat-bench", &["chat-actors", "chat-eventlog", "chat-schema"]),
    ("xtask", &[]),
];

pub(super) fn complaints(metadata: &Metadata) -> Vec<String> {
    let ours = metadata.workspace_packages();
    let is_ours = |name: &str| ours.iter().any(|package| package.name == name);
    let graph: Vec<(&str, Vec<&str>)> = ours
        .iter()
        .map(|package| {
            let dependencies = package.dependencies.iter().map(|dependency| dependency.name.as_str());
            (package.name.as_str(), dependencies.filter(|name| is_ours(name)).collect())
        })
        .collect();
    forbidden(&graph)
}

/// Dependencies for tests and builds count like any other; a crate may turn on its own features for its tests.
fn forbidden(graph: &[(&str, Vec<&str>)]) -> Vec<String> {
    graph
        .iter()
        .flat_map(|(name, dependencies)| match ALLOWED.iter().find(|(known, _)| known == name) {
            None => vec![format!("{name}: say in xtask/src/tidy/crates.rs what it may depend on")],
            Some((_, allowed)) => dependencies
                .iter()
                .filter(|dependency| *dependency != name && !allowed.contains(dependency))
                .map(|dependency| format!("{name} may not depend on {dependency}: move what it needs"))
                .collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layers_as_designed_are_accepted() {
        let graph: Vec<_> = ALLOWED.iter().map(|(name, allowed)| (*name, [allowed, &[*name][..]].concat())).collect();
        assert_eq!(forbidden(&graph), Vec::<String>::new());
    }

    #[test]
    fn a_dependency_against_the_layers_is_named() {
        let graph = [("chat-actors", vec!["chat-schema", "chat-projections"]), ("xtask", vec!["chat-http"])];
        let expected = [
            "chat-actors may not depend on chat-projections: move what it needs",
            "xtask may not depend on chat-http: move what it needs",
        ];
        assert_eq!(forbidden(&graph), expected);
    }

    #[test]
    fn a_crate_without_a_rule_is_refused() {
        let expected = ["chat-new: say in xtask/src/tidy/crates.rs what it may depend on"];
        assert_eq!(forbidden(&[("chat-new", vec![])]), expected);
    }
}
