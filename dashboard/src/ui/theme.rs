//! Light or dark: as the system has it, until somebody chooses.

use sycamore::prelude::*;

use super::storage;

const NAME: &str = "open-chat:theme";

/// A choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system has it.
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// All, in the order they are offered.
    pub(crate) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// For people.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::System => "As the system",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    /// In storage and in the document.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The one of that name.
    pub(crate) fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|theme| theme.name() == name).unwrap_or(Self::System)
    }

    /// What was chosen before in this browser.
    pub(crate) fn remembered() -> Self {
        storage::read(NAME).map_or(Self::System, |name| Self::named(&name))
    }

    /// Shows and remembers it.
    pub(crate) fn choose(self) {
        storage::write(NAME, (self != Self::System).then_some(self.name()));
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-theme", self.name());
        }
    }
}
