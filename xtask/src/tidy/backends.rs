//! Only the start-up code knows which event log it is: everything else works on the port.

use super::tree::Tree;

const KNOWS: &str = "http/src/startup.rs";
const FOLDERS: [&str; 3] = ["actors/src/", "http/src/", "projections/src/"];
const BACKENDS: [&str; 6] = [
    "eventlog::embedded",
    "EmbeddedLog",
    "eventlog::jetstream",
    "JetStreamLog",
    "eventlog::eventstore",
    "EventStoreLog",
];

pub(super) fn complaints(tree: &Tree) -> Vec<String> {
    tree.texts()
        .filter(|(file, _)| file.ends_with(".rs") && *file != KNOWS && !is_test(file))
        .filter(|(file, _)| FOLDERS.iter().any(|folder| file.starts_with(folder)))
        .flat_map(|(file, text)| {
            let names = |line: &str| BACKENDS.iter().any(|backend| line.contains(backend));
            code(text).filter(move |(_, line)| names(line)).map(move |(number, _)| {
                format!("{file}:{number}: names a concrete backend, which only {KNOWS} may: use the port")
            })
        })
        .collect()
}

fn is_test(file: &str) -> bool {
    file.ends_with("/tests.rs") || file.contains("/tests/")
}

/// The numbered lines before the test module, without comments.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let lines = text[..end].lines().enumerate().map(|(index, line)| (index + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_named_outside_the_start_up_code_is_found() {
        for backend in BACKENDS {
            let uses = format!("use std::io;\nuse chat_{backend};\n");
            let tree = Tree::of(&[("http/src/startup.rs", &uses), ("http/src/chat.rs", &uses)]);
            let expected =
                ["http/src/chat.rs:2: names a concrete backend, which only http/src/startup.rs may: use the port"];
            assert_eq!(complaints(&tree), expected, "{backend}");
        }
    }

    #[test]
    fn comments_and_tests_may_name_it() {
        let tree = Tree::of(&[
            ("actors/src/actor.rs", "// Not EmbeddedLog.\n#[cfg(test)]\nmod tests {\n    use x::EmbeddedLog;\n}\n"),
            ("actors/src/conversation/tests.rs", "use chat_eventlog::embedded::EmbeddedLog;\n"),
            ("eventlog/src/lib.rs", "pub use embedded::EmbeddedLog;\n"),
        ]);
        assert_eq!(complaints(&tree), Vec::<String>::new());
    }
}
