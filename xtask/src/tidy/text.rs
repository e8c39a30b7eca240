//! White space and length of the files we write.

use super::tree::Tree;

const LONGEST: usize = 400;

/// Sources that may be longer than the limit, each with its reason.
pub(super) const LONG: &[(&str, &str)] = &[];

pub(super) fn complaints(tree: &Tree) -> Vec<String> {
    tree.texts().flat_map(|(file, text)| [white_space(file, text), length(file, text, LONG)].concat()).collect()
}

fn white_space(file: &str, text: &str) -> Vec<String> {
    let numbered = || text.lines().enumerate().map(|(index, line)| (index + 1, line));
    let trailing = numbered()
        .filter(|(_, line)| line.ends_with([' ', '\t']))
        .map(|(number, _)| format!("{file}:{number}: white space at the line's end: remove it"));
    let tabs = numbered()
        .filter(|(_, line)| file.ends_with(".rs") && line.contains('\t'))
        .map(|(number, _)| format!("{file}:{number}: a tab: write spaces, or \\t in a string"));
    trailing.chain(tabs).collect()
}

fn length(file: &str, text: &str, long: &[(&str, &str)]) -> Vec<String> {
    let (lines, allowed) = (text.lines().count(), long.iter().any(|(name, _)| *name == file));
    let is_source = file.ends_with(".rs") || file.ends_with(".ts");
    match (lines > LONGEST, allowed) {
        (true, false) if is_source => vec![format!(
            "{file}: {lines} lines, more than {LONGEST}: split it by concept, or give a reason in {}",
            file!()
        )],
        (false, true) => vec![format!("{file}: no longer long: take it off the list in {}", file!())],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_at_a_lines_end_is_found_in_any_text_and_tabs_in_rust() {
        assert_eq!(white_space("a.md", "one \ntwo\n"), ["a.md:1: white space at the line's end: remove it"]);
        assert_eq!(white_space("a.rs", "one\n\ttwo\n"), ["a.rs:2: a tab: write spaces, or \\t in a string"]);
        assert_eq!(white_space("Makefile", "all:\n\techo\n"), Vec::<String>::new());
    }

    #[test]
    fn a_long_source_needs_a_reason_and_a_reason_needs_a_long_source() {
        let long = "x\n".repeat(LONGEST + 1);
        let reason = [("a.rs", "a table")];
        assert_eq!(length("a.rs", &long, &[]).len(), 1);
        assert_eq!(length("a.rs", &long, &reason), Vec::<String>::new());
        assert_eq!(length("a.rs", "x\n", &reason).len(), 1);
        assert_eq!(length("a.json", &long, &[]), Vec::<String>::new());
    }
}
