//! What this process is, as operators may see it: nothing of it is secret, and nothing changes while it runs.

use std::time::SystemTime;

use chat_schema::{SystemAssistant, SystemSetting};

use crate::config::{AssistantKind, Config, EventLogAddress};

/// The unchanging part of `GET /v1/admin/system`.
pub(crate) struct About {
    pub(crate) started_at: u64,
    pub(crate) environment: String,
    pub(crate) public_url: String,
    pub(crate) log_kind: &'static str,
    pub(crate) assistant: SystemAssistant,
    pub(crate) warnings: Vec<String>,
    pub(crate) configuration: Vec<SystemSetting>,
}

impl About {
    /// Of a process with this configuration that is reached at `public_url`.
    pub(crate) fn of(config: &Config, public_url: &str) -> Self {
        let model = (config.assistant.kind == AssistantKind::OpenAi).then(|| config.assistant.model.clone());
        Self {
            // A clock before 1970 is no clock.
            started_at: SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .map_or(0, |time| time.as_millis() as u64),
            environment: config.server.mode.to_string(),
            public_url: public_url.to_owned(),
            log_kind: match config.storage.event_log {
                EventLogAddress::Embedded(_) => "embedded",
                EventLogAddress::Nats(_) => "nats",
                #[cfg(feature = "eventstore")]
                EventLogAddress::EventStore(_) => "eventstore",
            },
            assistant: SystemAssistant { kind: config.assistant.kind.to_string(), model },
            warnings: config.warnings.clone(),
            configuration: config.settings(),
        }
    }
}

/// The widget's key as the script tag has it: the one secret of the configuration that is public.
pub(crate) fn widget_key(config: &Config) -> String {
    config.keys.newest_widget().to_owned()
}
