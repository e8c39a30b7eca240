//! The state of the server, as the HTTP API tells operators.

use serde::{Deserialize, Serialize};

/// Answer of `GET /v1/admin/system`. Of one process: another replica has other figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct System {
    /// Of the program.
    pub version: String,
    /// When the process began to serve, in milliseconds since the Unix epoch.
    pub started_at: u64,
    /// `NODE_ENV`
    pub environment: String,
    /// Where browsers reach the server, without a `/` at the end.
    pub public_url: String,
    /// `WIDGET_API_KEY`, which is public: it is in every script tag.
    pub widget_key: String,
    /// The event log.
    pub log: SystemLog,
    /// The read models.
    pub projections: SystemProjections,
    /// The answers of this process.
    pub replies: SystemReplies,
    /// Live feeds that are open.
    pub feeds: u64,
    /// Who answers.
    pub assistant: SystemAssistant,
    /// What the configuration left to be desired at start, in whole sentences.
    pub warnings: Vec<String>,
    /// Every variable as it took effect.
    pub configuration: Vec<SystemSetting>,
}

/// The event log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SystemLog {
    /// `embedded` or `nats`.
    pub kind: String,
    /// `available`, or `unavailable` while it takes no events.
    pub state: String,
    /// Position of its last event; null while that cannot be read.
    pub end: Option<u64>,
}

/// The read models.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SystemProjections {
    /// `building`, `live`, or `stopped` at an event that cannot be applied.
    pub state: String,
    /// Position of the last event applied.
    pub position: u64,
    /// How many positions the log is ahead; null while its end cannot be read.
    pub lag: Option<u64>,
    /// Why they stopped.
    pub reason: Option<String>,
}

/// The answers of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SystemReplies {
    /// Being generated now.
    pub running: u64,
    /// Begun and dropped since the start, since another process took the turn first.
    pub cancelled: u64,
}

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SystemAssistant {
    /// `openai` or `demo`.
    pub kind: String,
    /// `OPENAI_MODEL`; null of the demo.
    pub model: Option<String>,
}

/// One variable as it took effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SystemSetting {
    /// In the environment.
    pub name: String,
    /// Of a secret, only whether it is set.
    pub value: String,
    /// Where it comes from.
    pub source: String,
}
