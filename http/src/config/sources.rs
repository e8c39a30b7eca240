//! Where values come from: the environment over `.env` over `open-chat.toml`. The environment is never changed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path;
use std::{fmt, fs};

use super::variables::{is_ignored, is_secret};
use super::{dotenv_file, toml_file};

/// Where a value was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Environment,
    DotEnv,
    File,
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Environment => "environment",
            Self::DotEnv => ".env",
            Self::File => toml_file::NAME,
            Self::Default => "default",
        })
    }
}

/// Every value that was given, by source. Lives while the configuration is read: it holds secrets in the clear.
pub(super) struct Sources {
    /// In order of precedence.
    layers: [(Source, BTreeMap<String, String>); 3],
}

impl Sources {
    /// Reads the files of `dir`, which may be missing, and notes what is wrong with them.
    pub(super) fn read(env: impl Iterator<Item = (String, String)>, dir: &Path, problems: &mut Vec<String>) -> Self {
        let dot_env = parsed(dir, ".env", dotenv_file::parse, problems);
        let file = parsed(dir, toml_file::NAME, toml_file::parse, problems);
        Self { layers: [(Source::Environment, env.collect()), (Source::DotEnv, dot_env), (Source::File, file)] }
    }

    /// The value that counts. An empty one counts as not given, in whatever source.
    pub(super) fn find(&self, name: &str) -> Option<(&str, Source)> {
        self.each(name).find(|(value, _)| !value.is_empty())
    }

    /// Whether the variable is named anywhere, be it with an empty value.
    pub(super) fn mentions(&self, name: &str) -> bool {
        self.each(name).next().is_some()
    }

    /// The values of a variable in order of precedence, without blanks and line ends around them. Of a secret only the
    /// line ends go, which mounted secrets often have: a blank may be part of a password.
    pub(super) fn each(&self, name: &str) -> impl Iterator<Item = (&str, Source)> {
        let secret = is_secret(name);
        let trimmed = move |value| if secret { str::trim_matches(value, ['\r', '\n']) } else { str::trim(value) };
        self.layers.iter().filter_map(move |(source, values)| Some((trimmed(values.get(name)?), *source)))
    }

    /// The given variables that have no meaning here, by name.
    pub(super) fn ignored(&self) -> Vec<String> {
        let names = self.layers.iter().flat_map(|(_, values)| values.keys());
        names.filter(|name| is_ignored(name)).cloned().collect::<BTreeSet<_>>().into_iter().collect()
    }
}

type Parse = fn(&str) -> (BTreeMap<String, String>, Vec<String>);

fn parsed(dir: &Path, name: &str, parse: Parse, problems: &mut Vec<String>) -> BTreeMap<String, String> {
    let text = match fs::read_to_string(dir.join(name)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return BTreeMap::new(),
        Err(error) => {
            problems.push(format!("{name}: cannot be read: {error}"));
            return BTreeMap::new();
        }
    };
    let (values, found) = parse(&text);
    problems.extend(found);
    values
}
