//! Where events and read models are kept.

use std::fmt;
use std::path::PathBuf;

use super::reader::Reader;

/// The event log to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EventLogAddress {
    /// The log in this process, in this directory.
    Embedded(PathBuf),
}

impl EventLogAddress {
    /// The value is not repeated in a problem: the address of a server may carry a password.
    fn parse(text: &str) -> Result<Self, String> {
        if let Some(directory) = text.strip_prefix("embedded:").filter(|directory| !directory.is_empty()) {
            return Ok(Self::Embedded(directory.into()));
        }
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        Err(match scheme {
            Some(scheme @ ("nats" | "esdb")) => {
                format!(
                    "{scheme}:// is not in this release, which only has the embedded log; give embedded:<directory>"
                )
            }
            _ => "is not a log; give embedded:<directory>, for example embedded:./data".to_owned(),
        })
    }
}

impl fmt::Display for EventLogAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded(directory) => write!(f, "embedded:{}", directory.display()),
        }
    }
}

/// The storage of this process. Relative paths are relative to the working directory.
#[derive(Debug, Clone)]
pub(crate) struct Storage {
    /// `EVENT_LOG`: `embedded:<directory>`.
    pub(crate) event_log: EventLogAddress,
    /// `READ_MODELS`: a directory that may be deleted, and is then rebuilt from the log.
    pub(crate) read_models: PathBuf,
}

impl Storage {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let event_log = reader.parsed("EVENT_LOG", EventLogAddress::parse);
        let event_log = event_log.unwrap_or_else(|| EventLogAddress::Embedded("./data".into()));
        reader.show("EVENT_LOG", &event_log);
        let read_models = reader.text("READ_MODELS").unwrap_or("./data/read-models");
        reader.show("READ_MODELS", read_models);
        Self { event_log, read_models: read_models.into() }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use crate::config::EventLogAddress;
    use crate::config::tests::{load, problems};

    #[test]
    fn the_embedded_log_is_named_by_its_directory() {
        let storage = load(&[("EVENT_LOG", "embedded:/var/lib/open chat"), ("READ_MODELS", "/tmp/models")]).storage;
        assert_eq!(storage.event_log, EventLogAddress::Embedded("/var/lib/open chat".into()));
        assert_eq!(storage.read_models, PathBuf::from("/tmp/models"));
    }

    #[test]
    fn a_log_that_this_release_does_not_have_is_said_to_be_known() {
        for (address, scheme) in
            [("nats://user:s3cret@localhost:4222,b:4222", "nats"), ("esdb://localhost:2113", "esdb")]
        {
            assert_eq!(
                problems(&[("EVENT_LOG", address)]),
                [format!(
                    "EVENT_LOG: {scheme}:// is not in this release, which only has the embedded log; \
                     give embedded:<directory> (from environment)"
                )]
            );
        }
    }

    #[test]
    fn anything_else_is_not_a_log() {
        for address in ["./data", "embedded:", "postgres://user:s3cret@localhost"] {
            assert_eq!(
                problems(&[("EVENT_LOG", address)]),
                ["EVENT_LOG: is not a log; give embedded:<directory>, for example embedded:./data (from environment)"]
            );
        }
    }
}
