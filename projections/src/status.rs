//! How far the read models are.

use chat_eventlog::Position;

/// How far the read models are, and whether they go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Position of the last event applied.
    pub position: Position,
    /// Whether they go on.
    pub state: State,
    /// While building: whether from the first event on, rather than from where they were.
    pub anew: bool,
    /// What keeps them from being written until it passes, a full disk for instance.
    pub waits_for: Option<String>,
}

/// Whether the read models follow the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// On the way to where the log's end was when following began. Reads are refused only if the models never got
    /// to an end before, so not after a restart.
    Building,
    /// That end was reached; new events are applied as they come.
    Live,
    /// At an event that cannot be applied. Nothing after it is applied, and reads are refused.
    Stopped {
        /// Where and why, without any text of a message.
        reason: String,
    },
}

impl State {
    pub(crate) fn is_stopped(&self) -> bool {
        matches!(self, Self::Stopped { .. })
    }
}

/// Whether a position was reached within the caller's patience.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaughtUp {
    /// Reads see the event at that position.
    Reached,
    /// The patience ran out, or the read models stopped before it.
    Behind,
}
