//! The files of the repository as git would see them, whether git is there or not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use ignore::WalkBuilder;
use ignore::gitignore::Gitignore;

/// Every file that is not ignored, by its path from the root with `/` between; binary files have no text.
pub(crate) struct Tree {
    files: BTreeMap<String, Option<String>>,
    ignored: Gitignore,
}

impl Tree {
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let mut walk = WalkBuilder::new(root);
        // Only the repository's own rules: neither the user's, nor those of a folder around it.
        walk.standard_filters(false).git_ignore(true).require_git(false);
        walk.filter_entry(|entry| entry.file_name() != ".git");
        let mut files = BTreeMap::new();
        for entry in walk.build() {
            let entry = entry.context("the repository's files cannot be listed")?;
            if entry.file_type().is_some_and(|kind| kind.is_file()) {
                files.insert(name(root, entry.path()), text(entry.path()));
            }
        }
        Ok(Self { files, ignored: Gitignore::new(root.join(".gitignore")).0 })
    }

    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    /// The path of every file, sorted.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    pub(crate) fn text(&self, file: &str) -> Option<&str> {
        self.files.get(file)?.as_deref()
    }

    /// Path and text of every text file.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(file, text)| Some((file.as_str(), text.as_deref()?)))
    }

    /// Whether some file or folder has this path, or a path that ends with it.
    pub(crate) fn has(&self, path: &str) -> bool {
        let (inside, below) = (format!("/{path}/"), format!("{path}/"));
        self.files.keys().any(|file| {
            let file = format!("/{file}/");
            file.ends_with(&inside) || file[1..].starts_with(&below) || file.contains(&inside)
        })
    }

    /// Whether git ignores this path: a build makes it, or a user.
    pub(crate) fn ignores(&self, path: &str) -> bool {
        self.ignored.matched_path_or_any_parents(path, false).is_ignore()
    }

    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(file, text)| ((*file).to_owned(), Some((*text).to_owned()))).collect();
        let mut ignored = ignore::gitignore::GitignoreBuilder::new("");
        ignored.add_line(None, "/target").unwrap();
        Self { files, ignored: ignored.build().unwrap() }
    }
}

fn name(root: &Path, file: &Path) -> String {
    let parts = file.strip_prefix(root).unwrap_or(file).components();
    parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn text(file: &Path) -> Option<String> {
    let text = String::from_utf8(fs::read(file).ok()?).ok()?;
    (!text.contains('\0')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_files_are_left_out_and_binary_ones_have_no_text() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("a/dist")).unwrap();
        fs::write(root.path().join(".gitignore"), "dist\n").unwrap();
        fs::write(root.path().join("a/main.rs"), "fn main() {}\n").unwrap();
        fs::write(root.path().join("a/picture.png"), [0, 159, 146]).unwrap();
        fs::write(root.path().join("a/dist/made.js"), "").unwrap();
        let tree = Tree::read(root.path()).unwrap();
        let texts: Vec<_> = tree.texts().map(|(file, _)| file).collect();
        assert_eq!(texts, [".gitignore", "a/main.rs"]);
        assert_eq!(tree.len(), 3);
    }

    #[test]
    fn a_path_is_found_from_the_root_or_by_its_end() {
        let tree = Tree::of(&[("actors/src/conversation/decide.rs", "")]);
        for path in ["actors/src", "actors/src/conversation/decide.rs", "decide.rs", "conversation"] {
            assert!(tree.has(path), "{path}");
        }
        assert!(!tree.has("cide.rs"));
        assert!(!tree.has("actors/decide.rs"));
    }
}
