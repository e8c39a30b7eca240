//! The licences of what is built into the program, as these ask for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::{CargoOpt, DependencyKind, Metadata, MetadataCommand, Package, PackageId};

use crate::server;

/// What is in the program: the server, and the dashboard that it carries.
const ROOTS: [&str; 2] = ["chat-http", "chat-dashboard"];
/// How files with licences begin, in capitals.
const NAMES: [&str; 4] = ["LICENSE", "LICENCE", "COPYING", "NOTICE"];

/// A list of packages, then every text once with the packages it is of.
pub(super) fn notices() -> Result<String> {
    let features = CargoOpt::SomeFeatures(vec![server::EVENTSTORE[1].to_owned()]);
    let metadata = MetadataCommand::new().features(features).exec().context("cargo does not tell what is built in")?;
    let packages = built_in(&metadata);
    let mut text = "# What is built into open-chat\n\n".to_owned();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages {
        let licence = package.license.as_deref().unwrap_or("see its text below");
        let name = format!("{} {}", package.name, package.version);
        writeln!(text, "- {name}: {licence}")?;
        for found in licences(package) {
            texts.entry(found).or_default().push(name.clone());
        }
    }
    for (licence, packages) in texts {
        write!(text, "\n## {}\n\n```\n{}\n```\n", packages.join(", "), licence.trim_end())?;
    }
    Ok(text)
}

/// The packages of others that the roots need to run, sorted.
fn built_in(metadata: &Metadata) -> Vec<&Package> {
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    let nodes: HashMap<&PackageId, _> = nodes.map(|node| (&node.id, node)).collect();
    let roots = metadata.workspace_packages();
    let mut open: Vec<&PackageId> =
        roots.iter().filter(|root| ROOTS.contains(&root.name.as_str())).map(|root| &root.id).collect();
    let mut reached = BTreeSet::new();
    while let Some(id) = open.pop() {
        let Some(node) = nodes.get(id).filter(|_| reached.insert(id)) else { continue };
        let needed =
            node.deps.iter().filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal));
        open.extend(needed.map(|dep| &dep.pkg));
    }
    let mut packages: Vec<_> = metadata
        .packages
        .iter()
        .filter(|package| reached.contains(&package.id) && !metadata.workspace_members.contains(&package.id))
        .collect();
    packages.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
    packages
}

/// The texts in a package's folder.
fn licences(package: &Package) -> Vec<String> {
    let folder = package.manifest_path.parent().map(|folder| folder.as_std_path().to_owned());
    let files = folder.and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    let mut files: Vec<_> = files.map(|entry| entry.path()).filter(|file| is_licence(file)).collect();
    files.sort();
    files.iter().filter_map(|file| fs::read_to_string(file).ok()).collect()
}

fn is_licence(file: &Path) -> bool {
    let name = file.file_name().map(|name| name.to_string_lossy().to_uppercase()).unwrap_or_default();
    NAMES.iter().any(|begins| name.starts_with(begins)) && file.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_in_the_program_is_listed_and_what_only_tests_and_commands_use_is_not() {
        let text = notices().unwrap();
        for built_in in ["- actix-web 4", "- rusqlite 0", "- async-nats 0", "- sycamore 0", "\n## "] {
            assert!(text.contains(built_in), "{built_in}");
        }
        for other in ["- chat-http", "- criterion", "- proptest", "- cargo_metadata"] {
            assert!(!text.contains(other), "{other}");
        }
    }
}
