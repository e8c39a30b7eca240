//! What may happen in a conversation. Plain functions from state and command to events; no clock, no I/O.

use chat_schema::{Event, FailureReason, FinishReason, MessageId, MessageText, OwnerId, SessionId, Timings, Usage};

use super::state::{Conversation, Outcome, Turn};
use crate::assistant::PromptMessage;
use crate::progress::Refusal;

/// A visitor's message, as it came in.
#[derive(Debug, Clone)]
pub struct SendMessage {
    /// The session it belongs to.
    pub session_id: SessionId,
    /// The client's id of it, or one made for a client that sends none.
    pub message_id: MessageId,
    /// Whether the client named it. A message without a name that repeats the last, failed one is a retry of that.
    pub named: bool,
    /// What it says.
    pub text: MessageText,
}

/// What a message leads to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decision<'a> {
    /// Append `event` and generate an answer to `history`.
    Begin { in_reply_to: MessageId, event: Event, history: Vec<PromptMessage> },
    /// The message is being answered: attach to that.
    Running(&'a Turn),
    /// The message has been answered: this is the answer.
    Answered { answer: &'a str, stopped: bool },
}

/// How an attempt at an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With a whole answer.
    Replied { content: String, model: String, finish_reason: FinishReason, usage: Option<Usage>, timings: Timings },
    /// Without one.
    Failed(FailureReason),
}

/// Decides on a visitor's message, to be answered by `owner` from at most `history_limit` messages.
pub(crate) fn send_message<'a>(
    state: &'a Conversation,
    message: &SendMessage,
    owner: OwnerId,
    history_limit: usize,
) -> Result<Decision<'a>, Refusal> {
    let text = message.text.as_str();
    let Some(turn) = state.turn(&message.message_id).or_else(|| unnamed_retry(state, message)) else {
        return Ok(Decision::Begin {
            in_reply_to: message.message_id.clone(),
            event: Event::UserMessaged {
                message_id: message.message_id.clone(),
                session_id: message.session_id.clone(),
                content: text.to_owned(),
                owner,
            },
            history: state.history(text, None, history_limit),
        });
    };
    if turn.question != text {
        return Err(Refusal::MessageIdUsed);
    }
    Ok(match &turn.outcome {
        Outcome::Open { .. } => Decision::Running(turn),
        Outcome::Answered { answer, stopped } => Decision::Answered { answer, stopped: *stopped },
        Outcome::Failed { .. } => Decision::Begin {
            in_reply_to: turn.message_id.clone(),
            event: Event::ReplyStarted { in_reply_to: turn.message_id.clone(), attempt: turn.attempts + 1, owner },
            history: state.history(text, Some(&turn.message_id), history_limit),
        },
    })
}

fn unnamed_retry<'a>(state: &'a Conversation, message: &SendMessage) -> Option<&'a Turn> {
    state.last_turn().filter(|turn| {
        !message.named && matches!(turn.outcome, Outcome::Failed { .. }) && turn.question == message.text.as_str()
    })
}

/// Ends the turn of `in_reply_to`, unless it has been ended or erased meanwhile.
pub(crate) fn close_turn(state: &Conversation, in_reply_to: &MessageId, ending: Ending) -> Option<Event> {
    let turn = state.turn(in_reply_to)?;
    if !matches!(turn.outcome, Outcome::Open { .. }) {
        return None;
    }
    let in_reply_to = in_reply_to.clone();
    Some(match ending {
        Ending::Replied { content, model, finish_reason, usage, timings } => {
            Event::AssistantReplied { in_reply_to, content, model, finish_reason, usage, timings }
        }
        Ending::Failed(reason) => Event::ReplyFailed { in_reply_to, reason },
    })
}
