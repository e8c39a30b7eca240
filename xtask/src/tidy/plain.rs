//! The server that a newcomer builds holds nothing of what only a feature needs: a client that takes minutes to build, and what is
//! banned but for it.

use anyhow::{Context, Result};

use super::licences::Rules;
use crate::process;

/// What takes minutes to build.
const HEAVY: &str = "kurrentdb";

pub(super) fn complaints(rules: &Rules) -> Result<Vec<String>> {
    let arguments = ["tree", "--package", "chat-http", "--edges", "normal", "--prefix", "none", "--format", "{lib}"];
    let tree =
        process::answer(process::cargo(&arguments)).context("`cargo tree` failed: make the dependencies resolve")?;
    Ok(found(&tree, rules.tolerated().chain([HEAVY])))
}

/// A library's name has no hyphens.
fn found<'a>(tree: &str, unwanted: impl Iterator<Item = &'a str>) -> Vec<String> {
    let is_there =
        |name: &&str| tree.lines().any(|line| line.split(' ').next() == Some(name.replace('-', "_").as_str()));
    unwanted
        .filter(is_there)
        .map(|name| format!("chat-http needs {name} without its feature eventstore: make that dependency optional"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_the_tree_is_found_by_its_whole_name() {
        let tree = "open_chat\naws_lc_rs (*)\nkurrentdb_macros\n";
        let found = found(tree, ["aws-lc-rs", "kurrentdb", "openssl"].into_iter());
        assert_eq!(found, ["chat-http needs aws-lc-rs without its feature eventstore: make that dependency optional"]);
    }
}
