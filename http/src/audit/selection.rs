//! Which events are asked for.

use chat_eventlog::archive::Stored;
use chat_schema::{ConversationId, Envelope, SessionId};
use clap::Args;

use super::parse_time;

/// Options that choose events.
#[derive(Args, Default)]
pub(super) struct Selection {
    /// Only this conversation
    #[arg(long, value_name = "ID", group = "stream")]
    conversation: Option<ConversationId>,
    /// Only the conversation of this session
    #[arg(long, value_name = "ID", group = "stream")]
    session: Option<SessionId>,
    /// Only what operators did
    #[arg(long, group = "stream")]
    operators: bool,
    /// Only what was recorded at this time or later: RFC 3339, or milliseconds since 1970
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    from: Option<u64>,
    /// Only what was recorded before this time
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    to: Option<u64>,
    /// Only this version of the conversation and later ones
    #[arg(long, value_name = "VERSION", requires = "stream")]
    from_version: Option<u64>,
    /// Only this version of the conversation and earlier ones
    #[arg(long, value_name = "VERSION", requires = "stream")]
    to_version: Option<u64>,
}

impl Selection {
    /// The only stream to read; `None`: all of them.
    pub(super) fn stream(&self) -> Option<ConversationId> {
        let session = self.session.as_ref().map(ConversationId::of);
        self.conversation.or(session).or_else(|| self.operators.then_some(ConversationId::OPERATORS))
    }

    /// Whether an event is asked for. One that cannot be read is, whenever it may be.
    pub(super) fn holds(&self, stored: &Stored, envelope: Option<&Envelope>) -> bool {
        let version = envelope.map(|envelope| envelope.version).or(stored.version);
        let time = envelope.map(|envelope| envelope.recorded_at);
        version.is_none_or(|version| {
            self.from_version.is_none_or(|from| version >= from) && self.to_version.is_none_or(|to| version <= to)
        }) && time.is_none_or(|time| self.from.is_none_or(|from| time >= from) && self.to.is_none_or(|to| time < to))
    }
}
