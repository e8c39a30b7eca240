//! Licences, bans and sources of every dependency, by the rules that cargo-deny reads: `deny.toml`.
//!
//! cargo-deny itself takes minutes to build; this guards the same three things in every test run.

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, Package};
use serde::Deserialize;
use spdx::{Expression, Licensee, ParseMode};

use super::tree::Tree;

const FILE: &str = "deny.toml";

/// The part of `deny.toml` that is read here.
#[derive(Deserialize)]
pub(super) struct Rules {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
    /// Who may depend on it all the same. What that must not bring into is checked by [`plain`](super::plain).
    #[serde(default)]
    wrappers: Vec<String>,
}

impl Rules {
    pub(super) fn read(tree: &Tree) -> Result<Self> {
        let text = tree.text(FILE).with_context(|| format!("{FILE} is missing: restore it"))?;
        toml::from_str(text).with_context(|| format!("{FILE} is not understood: correct it"))
    }

    /// Whether the licence expression of the package `name` can be met by allowed licences alone.
    fn accept(&self, name: &str, licence: &str) -> bool {
        let exceptions = self.licenses.exceptions.iter().filter(|exception| exception.name == name);
        let allowed = self.licenses.allow.iter().chain(exceptions.flat_map(|exception| &exception.allow));
        let allowed: Vec<_> = allowed.filter_map(|licence| Licensee::parse(licence).ok()).collect();
        Expression::parse_mode(licence, ParseMode::LAX)
            .is_ok_and(|licence| licence.evaluate(|wanted| allowed.iter().any(|allowed| allowed.satisfies(wanted))))
    }

    /// What is banned but for some.
    pub(super) fn tolerated(&self) -> impl Iterator<Item = &str> {
        self.bans.deny.iter().filter(|ban| !ban.wrappers.is_empty()).map(|ban| ban.name.as_str())
    }

    fn complaint(&self, name: &str, licence: Option<&str>, from_registry: bool) -> Option<String> {
        if let Some(ban) = self.bans.deny.iter().find(|ban| ban.name == name && ban.wrappers.is_empty()) {
            return Some(format!("{name} is banned: {}", ban.reason));
        }
        if !from_registry {
            return Some(format!("{name} does not come from crates.io: use a published version"));
        }
        match licence {
            Some(licence) if self.accept(name, licence) => None,
            Some(licence) => Some(format!("{name} is under {licence}, which {FILE} does not allow: replace it")),
            None => Some(format!("{name} does not say its licence: replace it")),
        }
    }
}

pub(super) fn complaints(metadata: &Metadata, rules: &Rules) -> Vec<String> {
    let judge = |package: &Package| {
        let ours = metadata.workspace_members.contains(&package.id);
        let from_registry = ours || package.source.as_ref().is_some_and(cargo_metadata::Source::is_crates_io);
        rules.complaint(&package.name, package.license.as_deref(), from_registry)
    };
    metadata.packages.iter().filter_map(judge).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        let text = r#"
            [licenses]
            allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"]
            exceptions = [{ crate = "roots", allow = ["CDLA-Permissive-2.0"] }]
            [bans]
            deny = [
                { crate = "openssl", reason = "one TLS library is enough" },
                { crate = "tolerated", wrappers = ["client"], reason = "only the client may" },
            ]
        "#;
        Rules::read(&Tree::of(&[(FILE, text)])).unwrap()
    }

    #[test]
    fn a_choice_with_an_allowed_licence_is_accepted_however_it_is_written() {
        for licence in ["MIT", "MIT/Apache-2.0", "GPL-3.0 OR MIT", "Apache-2.0 WITH LLVM-exception OR LGPL-2.1-only"] {
            assert_eq!(rules().complaint("some", Some(licence), true), None, "{licence}");
        }
    }

    #[test]
    fn copyleft_unknown_and_absent_licences_are_refused() {
        let refuse = |licence| rules().complaint("some", licence, true).unwrap();
        assert_eq!(
            refuse(Some("GPL-3.0-only")),
            "some is under GPL-3.0-only, which deny.toml does not allow: replace it"
        );
        assert_eq!(
            refuse(Some("MIT AND MPL-2.0")),
            "some is under MIT AND MPL-2.0, which deny.toml does not allow: replace it"
        );
        assert_eq!(refuse(Some("do what you like")).split(',').count(), 2);
        assert_eq!(refuse(None), "some does not say its licence: replace it");
    }

    #[test]
    fn an_exception_holds_for_its_crate_only() {
        assert_eq!(rules().complaint("roots", Some("CDLA-Permissive-2.0"), true), None);
        assert!(rules().complaint("other", Some("CDLA-Permissive-2.0"), true).is_some());
    }

    #[test]
    fn banned_crates_and_other_sources_are_refused_whatever_their_licence() {
        let banned = rules().complaint("openssl", Some("MIT"), true).unwrap();
        assert_eq!(banned, "openssl is banned: one TLS library is enough");
        assert!(rules().complaint("forked", Some("MIT"), false).is_some());
        assert_eq!(rules().complaint("tolerated", Some("MIT"), true), None);
        assert_eq!(rules().tolerated().collect::<Vec<_>>(), ["tolerated"]);
    }
}
