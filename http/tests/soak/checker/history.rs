//! What the log says happened in each conversation, and whether its turns are in order: user, then assistant or failure, then user.

use std::collections::HashMap;

use chat_eventlog::Recorded;
use chat_schema::{ConversationId, Envelope, Event, FailureReason, MessageId};

use super::Violation;

/// One conversation.
#[derive(Default)]
pub(super) struct History {
    /// Messages in the order in which they were first stored.
    pub(super) messages: Vec<Stored>,
    open: Option<MessageId>,
}

/// A message and its answers, of which there should be one at most.
pub(super) struct Stored {
    pub(super) id: MessageId,
    pub(super) text: String,
    /// Milliseconds since the Unix epoch.
    pub(super) recorded_at: u64,
    pub(super) answers: Vec<String>,
    /// Whether an attempt failed that others ended in its process's place.
    given_up: bool,
    attempts: u32,
    failed: bool,
}

impl Stored {
    /// Whether attempts failed, and all of them as their own processes said.
    pub(super) fn failed_by_its_owners(&self) -> bool {
        (self.failed || self.attempts > 1) && !self.given_up
    }
}

pub(super) fn of(log: &[Recorded], violations: &mut Vec<Violation>) -> HashMap<ConversationId, History> {
    let mut histories: HashMap<ConversationId, History> = HashMap::new();
    for Recorded { event, .. } in log {
        let conversation = event.envelope.conversation_id;
        let history = histories.entry(conversation).or_default();
        if let Err(violation) = history.take(&event.envelope, violations) {
            violations.push(violation);
        }
    }
    histories
}

impl History {
    pub(super) fn message(&self, id: &MessageId) -> Option<&Stored> {
        self.messages.iter().find(|stored| stored.id == *id)
    }

    fn message_mut(&mut self, id: &MessageId) -> Option<&mut Stored> {
        self.messages.iter_mut().find(|stored| stored.id == *id)
    }

    fn take(&mut self, envelope: &Envelope, violations: &mut Vec<Violation>) -> Result<(), Violation> {
        let (conversation, recorded_at) = (envelope.conversation_id, envelope.recorded_at);
        match &envelope.event {
            Event::UserMessaged { message_id: message, session_id, content, .. } => {
                if ConversationId::of(session_id) != conversation {
                    violations.push(Violation::WrongConversation { conversation, message: message.clone() });
                }
                self.open(conversation, message, violations);
                if self.message(message).is_some() {
                    return Err(Violation::DoubledMessage { conversation, message: message.clone() });
                }
                self.messages.push(Stored {
                    id: message.clone(),
                    text: content.clone(),
                    recorded_at,
                    answers: Vec::new(),
                    given_up: false,
                    attempts: 1,
                    failed: false,
                });
            }
            Event::ReplyStarted { in_reply_to: message, attempt, .. } => {
                self.open(conversation, message, violations);
                let stored = self.message_mut(message).filter(|it| it.failed && it.attempts + 1 == *attempt);
                let wrong = || Violation::WrongAttempt { conversation, message: message.clone() };
                let stored = stored.ok_or_else(wrong)?;
                (stored.attempts, stored.failed) = (*attempt, false);
            }
            Event::AssistantReplied { in_reply_to: message, content, .. }
            | Event::ReplyStopped { in_reply_to: message, content } => {
                self.close(conversation, message, violations);
                let Some(stored) = self.message_mut(message) else {
                    return Ok(());
                };
                stored.answers.push(content.clone());
                if stored.answers.len() > 1 {
                    return Err(Violation::DoubledAnswer { conversation, message: message.clone() });
                }
            }
            Event::ReplyFailed { in_reply_to: message, reason } => {
                self.close(conversation, message, violations);
                if let Some(stored) = self.message_mut(message) {
                    stored.failed = true;
                    stored.given_up |= *reason == FailureReason::Abandoned;
                }
            }
            // Belongs to no turn.
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, conversation: ConversationId, message: &MessageId, violations: &mut Vec<Violation>) {
        if let Some(open) = self.open.replace(message.clone()) {
            violations.push(Violation::TurnsInterleaved { conversation, open, opened: message.clone() });
        }
    }

    fn close(&mut self, conversation: ConversationId, message: &MessageId, violations: &mut Vec<Violation>) {
        if self.open.take_if(|open| open == message).is_none() {
            violations.push(Violation::StrayEnd { conversation, message: message.clone() });
        }
    }
}
