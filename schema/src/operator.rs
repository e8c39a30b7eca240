//! What operators do, in the shape written today. Their acts are a stream of their own in the same log, for auditors.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, EventId, OperatorSessionId};

/// Who acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Operator {
    /// A program that holds `ADMIN_API_KEY`.
    AdminKey,
    /// A person at the dashboard.
    Dashboard,
    /// The server itself, as `RETENTION_DAYS` tells it to.
    Retention,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub enum OperatorAct {
    /// Somebody signed in at the dashboard.
    SignedIn {},
    /// Somebody tried to, with a wrong password.
    SignInRefused {},
    /// Somebody signed out: this session is over on every server, whatever cookie still carries it.
    SignedOut {
        /// Which one.
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
        session: OperatorSessionId,
    },
    /// Conversations were taken out of the server.
    ConversationsExported {
        /// The only one; `None`: all there are.
        #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "uuid"))]
        conversation: Option<ConversationId>,
        /// Only what was recorded from then on, in milliseconds since the Unix epoch.
        from: Option<u64>,
        /// Only what was recorded before then, in milliseconds since the Unix epoch.
        to: Option<u64>,
        /// The format they were written in.
        format: ExportFormat,
    },
    /// Conversations are to be erased: the intent, which outlives a crash of the process that had it.
    ErasureRequested {
        /// These.
        #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
        conversations: Vec<ConversationId>,
    },
    /// All of an earlier request is carried out.
    ErasureCompleted {
        /// The event that holds the request.
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
        request: EventId,
        /// What is gone. A conversation that had nothing left to erase is not among them.
        erased: Vec<ErasedConversation>,
    },
}

/// A format of exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ExportFormat {
    /// One JSON object a line.
    Ndjson,
    /// A table, RFC 4180.
    Csv,
}

/// What became of a conversation that was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ErasedConversation {
    /// Which one.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub conversation_id: ConversationId,
    /// How many events are gone.
    pub erased_events: u64,
}
