//! Where events and read models are kept.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

#[cfg(feature = "eventstore")]
use super::eventstore_address::EventStoreAddress;
use super::nats_access::NatsAccess;
use super::nats_address::NatsAddress;
use super::reader::{Reader, quoted};

const DAY_S: u64 = 86_400;
/// A hundred years.
const MAX_DAYS: u64 = 36_500;

/// The event log to use.
#[derive(Debug, Clone)]
pub(crate) enum EventLogAddress {
    /// The log in this process, in this directory.
    Embedded(PathBuf),
    /// JetStream, shared by every process that names it.
    Nats(NatsAddress),
    /// EventStoreDB or KurrentDB, shared by every process that names it.
    #[cfg(feature = "eventstore")]
    EventStore(EventStoreAddress),
}

impl EventLogAddress {
    /// The value is not repeated in a problem: the address of a server may carry a password.
    fn parse(text: &str) -> Result<Self, String> {
        if let Some(directory) = text.strip_prefix("embedded:").filter(|directory| !directory.is_empty()) {
            return Ok(Self::Embedded(directory.into()));
        }
        let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            Some("nats" | "tls") => NatsAddress::parse(text).map(Self::Nats),
            Some("esdb" | "esdb+discover" | "kurrentdb" | "kurrentdb+discover") => Self::parse_eventstore(text),
            _ => {
                Err("is not a log; give nats://host[:port], or embedded:<directory> such as embedded:./data".to_owned())
            }
        }
    }

    #[cfg(feature = "eventstore")]
    fn parse_eventstore(text: &str) -> Result<Self, String> {
        EventStoreAddress::parse(text).map(Self::EventStore)
    }

    #[cfg(not(feature = "eventstore"))]
    fn parse_eventstore(_: &str) -> Result<Self, String> {
        Err("this open-chat was built without EventStoreDB; build one with it by cargo xtask build --eventstore, or use the \
             container image"
            .to_owned())
    }
}

impl fmt::Display for EventLogAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded(directory) => write!(f, "embedded:{}", directory.display()),
            Self::Nats(address) => address.fmt(f),
            #[cfg(feature = "eventstore")]
            Self::EventStore(address) => address.fmt(f),
        }
    }
}

fn days(text: &str) -> Result<u64, String> {
    let days = text.parse().ok().filter(|days| (1..=MAX_DAYS).contains(days));
    days.ok_or_else(|| format!("{} is not a whole number from 1 to {MAX_DAYS}", quoted(text)))
}

/// The storage of this process. Relative paths are relative to the working directory.
#[derive(Debug, Clone)]
pub(crate) struct Storage {
    /// `EVENT_LOG`: `embedded:<directory>`, `nats://host[:port][,host…]` or `esdb://host[:port][,host…][?parameters]`.
    pub(crate) event_log: EventLogAddress,
    /// `NATS_*`: empty unless the log is at a `nats://` address.
    pub(crate) nats: NatsAccess,
    /// `READ_MODELS`: a directory that may be deleted, and is then rebuilt from the log.
    pub(crate) read_models: PathBuf,
    /// `RETENTION_DAYS`: conversations in which nothing happened for so long are erased; `None` keeps them.
    pub(crate) retention: Option<Duration>,
}

impl Storage {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let event_log = reader.parsed("EVENT_LOG", EventLogAddress::parse);
        let event_log = event_log.unwrap_or_else(|| EventLogAddress::Embedded("./data".into()));
        reader.show("EVENT_LOG", &event_log);
        let nats = match &event_log {
            EventLogAddress::Nats(address) => NatsAccess::read(reader, address),
            _ => NatsAccess::unused(reader),
        };
        let read_models = reader.text("READ_MODELS").unwrap_or("./data/read-models");
        reader.show("READ_MODELS", read_models);
        let retention = reader.parsed("RETENTION_DAYS", days);
        let shown = retention.map(|days| days.to_string()).unwrap_or_default();
        reader.show("RETENTION_DAYS", shown);
        let retention = retention.map(|days| Duration::from_secs(days * DAY_S));
        Self { event_log, nats, read_models: read_models.into(), retention }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use crate::config::tests::{load, problems};

    #[test]
    fn the_embedded_log_is_named_by_its_directory() {
        let storage = load(&[("EVENT_LOG", "embedded:/var/lib/open chat"), ("READ_MODELS", "/tmp/models")]).storage;
        assert_eq!(storage.event_log.to_string(), "embedded:/var/lib/open chat");
        assert_eq!(storage.read_models, PathBuf::from("/tmp/models"));
    }

    #[test]
    fn jetstream_is_named_by_its_servers_and_shown_without_the_password() {
        let config = load(&[("EVENT_LOG", "nats://us3r:s3cret@a,b:4223")]);
        let printed = config.print();
        assert!(printed.contains("\nEVENT_LOG=nats://***@a:4222,b:4223   # environment\n"), "{printed}");
        assert!(!format!("{printed}{config:?}").contains("s3cret"));
    }

    #[test]
    fn a_wrong_address_of_jetstream_is_named_without_its_value() {
        let problems = problems(&[("EVENT_LOG", "nats://u:s3cret@a,u:s3cret@b:x")]);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with("EVENT_LOG: server 2 is not "), "{problems:?}");
        assert!(!problems[0].contains("s3cret"), "{problems:?}");
    }

    #[test]
    #[cfg(not(feature = "eventstore"))]
    fn a_log_that_this_build_does_not_have_is_said_to_be_known() {
        for scheme in ["esdb", "esdb+discover", "kurrentdb", "KurrentDB"] {
            assert_eq!(
                problems(&[("EVENT_LOG", &format!("{scheme}://u:s3cret@localhost:2113"))]),
                [
                    "EVENT_LOG: this open-chat was built without EventStoreDB; build one with it by cargo xtask build --eventstore, \
                    or use the container image (from environment)"
                ]
            );
        }
    }

    #[test]
    #[cfg(feature = "eventstore")]
    fn eventstoredb_is_named_by_its_servers_and_shown_without_the_login() {
        let config = load(&[("EVENT_LOG", "kurrentdb://us3r:s3cret@a,b:2114?tls=false")]);
        let printed = config.print();
        let shown = "\nEVENT_LOG=kurrentdb://***@a:2113,b:2114?tls=false   # environment\n";
        assert!(printed.contains(shown), "{printed}");
        assert!(!format!("{printed}{config:?}").contains("s3cret"));
    }

    #[test]
    fn anything_else_is_not_a_log() {
        for address in ["./data", "embedded:", "postgres://user:s3cret@localhost"] {
            assert_eq!(
                problems(&[("EVENT_LOG", address)]),
                ["EVENT_LOG: is not a log; give nats://host[:port], or embedded:<directory> such as embedded:./data \
                    (from environment)"]
            );
        }
    }
}
