//! What may happen in a conversation. Plain functions from state and command to events; no clock, no I/O.

use chat_schema::{
    Event, FailureReason, FinishReason, MessageId, MessageText, OwnerId, Rating, SessionId, Timings, Usage,
};

use super::state::{Conversation, OpenTurn, Outcome, Turn};
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
    /// The message is being answered elsewhere: follow that.
    Running(OpenTurn),
    /// Another message is being answered elsewhere: wait for that.
    Wait(OpenTurn),
    /// The message has been answered: this is the answer.
    Answered { answer: &'a str, stopped: bool },
}

/// How an attempt at an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With a whole answer.
    Replied { content: String, model: String, finish_reason: FinishReason, usage: Option<Usage>, timings: Timings },
    /// By the visitor, with what there was until then.
    Stopped { content: String },
    /// Without an answer.
    Failed(FailureReason),
}

impl Ending {
    /// Nobody knows: the process that generated the answer may be taken for dead.
    pub(crate) const LOST: Self = Self::Failed(FailureReason::Abandoned);
}

/// Decides on a visitor's message, to be answered by `owner` from at most `history_limit` messages.
pub(crate) fn send_message<'a>(
    state: &'a Conversation,
    message: &SendMessage,
    owner: OwnerId,
    history_limit: usize,
) -> Result<Decision<'a>, Refusal> {
    let text = message.text.as_str();
    let known = state.turn(&message.message_id).or_else(|| unnamed_retry(state, message));
    if let Some(turn) = known {
        if turn.question != text {
            return Err(Refusal::MessageIdUsed);
        }
        match &turn.outcome {
            Outcome::Open { owner } => return Ok(Decision::Running(turn.opened_by(*owner))),
            Outcome::Answered { answer, stopped, .. } => {
                return Ok(Decision::Answered { answer, stopped: *stopped });
            }
            Outcome::Failed { .. } => {}
        }
    }
    if let Some(open) = state.open_turn() {
        return Ok(Decision::Wait(open));
    }
    let in_reply_to = known.map_or(&message.message_id, |turn| &turn.message_id).clone();
    let history = state.history(text, known.map(|turn| &turn.message_id), history_limit);
    let event = match known {
        None => Event::UserMessaged {
            message_id: message.message_id.clone(),
            session_id: message.session_id.clone(),
            content: text.to_owned(),
            owner,
        },
        Some(turn) => Event::ReplyStarted { in_reply_to: turn.message_id.clone(), attempt: turn.attempts + 1, owner },
    };
    Ok(Decision::Begin { in_reply_to, event, history })
}

fn unnamed_retry<'a>(state: &'a Conversation, message: &SendMessage) -> Option<&'a Turn> {
    state.last_turn().filter(|turn| {
        !message.named && matches!(turn.outcome, Outcome::Failed { .. }) && turn.question == message.text.as_str()
    })
}

/// Ends the turn of `in_reply_to` that `me` runs, unless it has been ended or erased meanwhile, and perhaps begun anew by another.
pub(crate) fn close_turn(state: &Conversation, in_reply_to: &MessageId, me: OwnerId, ending: Ending) -> Option<Event> {
    state.turn(in_reply_to).filter(|turn| matches!(turn.outcome, Outcome::Open { owner } if owner == me))?;
    let in_reply_to = in_reply_to.clone();
    Some(match ending {
        Ending::Replied { content, model, finish_reason, usage, timings } => {
            Event::AssistantReplied { in_reply_to, content, model, finish_reason, usage, timings }
        }
        Ending::Stopped { content } => Event::ReplyStopped { in_reply_to, content },
        Ending::Failed(reason) => Event::ReplyFailed { in_reply_to, reason },
    })
}

/// Decides on a stop of a message that is neither being answered nor waiting: if it is known it has ended, so there is nothing to do.
pub(crate) fn stop(state: &Conversation, message_id: &MessageId) -> Result<(), Refusal> {
    state.turn(message_id).map(|_| ()).ok_or(Refusal::MessageNotFound)
}

/// Decides on a rating of the answer to a message; `None` if that is its rating already.
pub(crate) fn rate(
    state: &Conversation,
    message_id: &MessageId,
    given: Option<Rating>,
) -> Result<Option<Event>, Refusal> {
    match state.turn(message_id).map(|turn| &turn.outcome) {
        // An answer stopped before its first word is none: no thread shows it.
        Some(Outcome::Answered { answer, rating, .. }) if !answer.is_empty() => {
            Ok((*rating != given).then(|| Event::MessageRated { message_id: message_id.clone(), rating: given }))
        }
        _ => Err(Refusal::MessageNotFound),
    }
}
