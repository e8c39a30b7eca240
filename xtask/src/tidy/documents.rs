//! The documents that newcomers and operators read first name only files that exist.

use std::ops::Range;

use super::tree::Tree;

const DOCUMENTS: [&str; 6] =
    ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "SECURITY.md", "deploy/README.md", "docs/operations.md"];
const SOURCES: [&str; 5] = [".rs", ".ts", ".mjs", ".md", ".toml"];
/// Files that a user makes, not we.
const OF_USERS: [&str; 1] = ["open-chat.toml"];

pub(super) fn complaints(tree: &Tree) -> Vec<String> {
    DOCUMENTS
        .iter()
        .flat_map(|document| match tree.text(document) {
            None => vec![format!("{document}: is missing: write it")],
            Some(text) => missing(document, text, tree),
        })
        .collect()
}

fn missing(document: &str, text: &str, tree: &Tree) -> Vec<String> {
    let gone = |path: &str| !tree.has(path) && !tree.ignores(path);
    text.lines()
        .enumerate()
        .flat_map(|(index, line)| named_paths(line, tree).map(move |path| (index + 1, path)))
        .filter(|(_, path)| gone(path))
        .map(|(number, path)| format!("{document}:{number}: names {path}, which does not exist: correct it"))
        .collect()
}

/// The paths in back quotes, and the files that links lead to.
fn named_paths<'a>(line: &'a str, tree: &'a Tree) -> impl Iterator<Item = &'a str> {
    let quoted = line.split('`').skip(1).step_by(2).map(plain).filter(|path| is_path(path, tree));
    let linked = between(line, "](", ')').map(|target| target.split('#').next().unwrap_or(target));
    quoted.chain(linked.filter(|target| !target.is_empty() && !target.contains(':')).map(plain))
}

fn plain(path: &str) -> &str {
    path.trim_start_matches("./").trim_start_matches("../").trim_end_matches('/')
}

/// `text/html`, `/v1/chat` and `cargo xtask run` are no paths of ours; `http/src/chat.rs` and `decide.rs` are.
fn is_path(text: &str, tree: &Tree) -> bool {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "._-/".contains(letter);
    if text.starts_with('/') || !text.chars().all(allowed) || OF_USERS.contains(&text) {
        return false;
    }
    let is_source = SOURCES.iter().any(|ending| text.len() > ending.len() && text.ends_with(ending));
    is_source || text.split_once('/').is_some_and(|(folder, _)| tree.texts().any(|(file, _)| is_in(file, folder)))
}

fn is_in(file: &str, folder: &str) -> bool {
    file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

fn between<'a>(line: &'a str, open: &'a str, close: char) -> impl Iterator<Item = &'a str> {
    let ranges = line.match_indices(open).filter_map(move |(start, _)| range(line, start + open.len(), close));
    ranges.map(|range| &line[range])
}

fn range(line: &str, start: usize, close: char) -> Option<Range<usize>> {
    Some(start..start + line[start..].find(close)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints_about(readme: &str) -> Vec<String> {
        let tree =
            Tree::of(&[("http/src/chat.rs", ""), ("docs/picture.svg", ""), ("Cargo.toml", ""), ("README.md", readme)]);
        missing("README.md", readme, &tree)
    }

    #[test]
    fn a_path_that_is_gone_is_named_with_its_line() {
        let expected = ["README.md:2: names http/src/gone.rs, which does not exist: correct it"];
        assert_eq!(complaints_about("See `http/src/chat.rs`,\nthen `http/src/gone.rs`.\n"), expected);
    }

    #[test]
    fn files_named_by_their_end_folders_and_what_a_build_makes_are_accepted() {
        let text = "`chat.rs` in `http/` and `./http/src`, `Cargo.toml`, `target/release/open-chat`, `open-chat.toml`";
        assert_eq!(complaints_about(text), Vec::<String>::new());
    }

    #[test]
    fn what_only_looks_like_a_path_is_no_complaint() {
        let text = "`text/html`, `/v1/chat`, `cargo xtask run`, `http://localhost:4000/demo`, `*.rs`, `.rs`";
        assert_eq!(complaints_about(text), Vec::<String>::new());
    }

    #[test]
    fn links_are_followed_except_out_of_the_repository() {
        let text = "![it](docs/picture.svg) [a](https://example.com/x) [b](#top) [c](docs/gone.md#part)";
        let expected = ["README.md:1: names docs/gone.md, which does not exist: correct it"];
        assert_eq!(complaints_about(text), expected);
    }
}
