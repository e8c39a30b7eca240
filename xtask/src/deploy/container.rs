//! The image and compose. No engine builds here, so the Dockerfile is linted and held to what it copies from the repository.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::DOCKERFILE;
use super::tools::Tools;
use crate::process;

const COMPOSE: &str = "deploy/compose.yaml";

pub(super) fn check(tools: &Tools) -> Result<()> {
    let mut hadolint = tools.command("hadolint")?;
    hadolint.arg(DOCKERFILE);
    process::relay(hadolint)?;
    // Reads by the Compose Specification: an unknown key is an error.
    let mut compose = tools.command("python")?;
    compose.args([
        "-c",
        "import sys, compose_spec; compose_spec.PyCompose.from_yaml(open(sys.argv[1]).read())",
        COMPOSE,
    ]);
    process::relay(compose).with_context(|| format!("{COMPOSE} is not what the Compose Specification allows"))?;
    let text = std::fs::read_to_string(DOCKERFILE).with_context(|| format!("{DOCKERFILE} cannot be read"))?;
    match copied(&text).find(|source| !Path::new(source).exists()) {
        Some(gone) => bail!("{DOCKERFILE} copies {gone}, which does not exist"),
        None => Ok(()),
    }
}

/// What `COPY` takes from the repository, not from another stage.
fn copied(dockerfile: &str) -> impl Iterator<Item = &str> {
    let copies = dockerfile.lines().filter_map(|line| line.strip_prefix("COPY "));
    let words = copies.filter(|words| !words.contains("--from="));
    words.filter_map(|words| words.rsplit_once(' ')).flat_map(|(sources, _)| sources.split(' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{nats_server, node};

    fn read(file: &str) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    /// What stands between `before` and the next of `-`, `"` and white space, each time.
    fn after<'a>(text: &'a str, before: &'a str) -> Vec<&'a str> {
        let ends = |c: char| c == '-' || c == '"' || c.is_whitespace();
        text.split(before).skip(1).map(|rest| rest.split(ends).next().unwrap_or_default()).collect()
    }

    #[test]
    fn only_what_comes_from_the_repository_is_looked_for() {
        let text = "COPY --from=build /out /x\nCOPY a b/c /src/\nRUN x\nCOPY . .";
        assert_eq!(copied(text).collect::<Vec<_>>(), ["a", "b/c", "."]);
    }

    #[test]
    fn the_image_is_built_by_the_projects_own_toolchain_and_a_node_that_it_accepts() {
        let (dockerfile, toolchain) = (read(DOCKERFILE), read("rust-toolchain.toml"));
        let rust = after(&toolchain, "channel = \"");
        assert_eq!(after(&dockerfile, "FROM rust:"), rust);
        assert_eq!(after(&dockerfile, "RUSTUP_TOOLCHAIN="), rust);
        let [node] = after(&dockerfile, "FROM node:")[..] else { panic!("not one image of Node.js") };
        assert!(node::is_new_enough(node), "{node}");
    }

    #[test]
    fn what_is_built_on_debian_12_runs_on_debian_12() {
        let froms: Vec<_> =
            read(DOCKERFILE).lines().filter(|line| line.starts_with("FROM")).map(String::from).collect();
        assert!(froms.iter().all(|from| from.contains("bookworm") || from.contains("debian12")), "{froms:?}");
    }

    #[test]
    fn every_file_names_the_version_of_the_workspace_and_the_nats_server_of_the_tests() {
        let own = env!("CARGO_PKG_VERSION");
        assert_eq!(after(&read(DOCKERFILE), "ARG VERSION="), [own]);
        assert_eq!(after(&read(COMPOSE), "openchatwidget:"), [own]);
        for overlay in ["dev", "production"] {
            let overlay = read(&format!("deploy/kubernetes/overlays/{overlay}/kustomization.yaml"));
            assert_eq!(after(&overlay, "newTag: "), [own]);
        }
        for file in [COMPOSE, "deploy/kubernetes/components/nats/stateful-set.yaml"] {
            assert_eq!(after(&read(file), "image: nats:"), [nats_server::PINNED], "{file}");
        }
    }

    #[test]
    fn compose_needs_the_three_lines_of_the_example_and_no_other() {
        let example = read("deploy/.env.example");
        let asked: Vec<_> = example.lines().filter(|line| !line.starts_with('#')).collect();
        let compose = read(COMPOSE);
        let needed = after(&compose, "${").into_iter().filter_map(|rest| rest.split_once(":?"));
        let needed: Vec<_> = needed.map(|(name, _)| format!("{name}=")).collect();
        assert_eq!(asked, needed);
    }
}
