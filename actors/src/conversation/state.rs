//! What a conversation has come to: the fold of its events.

use chat_schema::{Event, FailureReason, MessageId, OwnerId, Rating, Role};

use crate::assistant::PromptMessage;

/// The state of one conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Conversation {
    turns: Vec<Turn>,
}

/// A visitor's message and what became of its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) message_id: MessageId,
    pub(crate) question: String,
    pub(crate) attempts: u32,
    pub(crate) outcome: Outcome,
}

/// A turn that is being answered, or whose owner died doing so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenTurn {
    pub(crate) message_id: MessageId,
    pub(crate) attempt: u32,
    pub(crate) owner: OwnerId,
}

impl OpenTurn {
    /// The event that closes it without an answer, since its owner is gone.
    pub(crate) fn abandon(&self) -> Event {
        Event::ReplyFailed { in_reply_to: self.message_id.clone(), reason: FailureReason::Abandoned }
    }
}

/// Where a turn stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// `owner` is generating the answer, or died doing so.
    Open { owner: OwnerId },
    /// The answer is stored; `stopped` if the visitor ended it early.
    Answered { answer: String, stopped: bool, rating: Option<Rating> },
    /// The last attempt gave no answer.
    Failed { reason: FailureReason },
}

impl Turn {
    pub(crate) fn opened_by(&self, owner: OwnerId) -> OpenTurn {
        OpenTurn { message_id: self.message_id.clone(), attempt: self.attempts, owner }
    }

    /// The stored answer, and whether the visitor stopped it.
    pub(crate) fn answer(&self) -> Option<(&str, bool)> {
        match &self.outcome {
            Outcome::Answered { answer, stopped, .. } => Some((answer, *stopped)),
            Outcome::Open { .. } | Outcome::Failed { .. } => None,
        }
    }
}

impl Conversation {
    /// The state after `event`. Total: any order of events folds, and an event about an unknown message changes nothing.
    pub(crate) fn evolve(mut self, event: &Event) -> Self {
        match event {
            Event::UserMessaged { message_id, content, owner, .. } => {
                if self.turns.is_empty() {
                    // Most conversations are short, and a vector would begin with room for four.
                    self.turns.reserve_exact(1);
                }
                self.turns.push(Turn {
                    message_id: message_id.clone(),
                    question: content.clone(),
                    attempts: 1,
                    outcome: Outcome::Open { owner: *owner },
                });
            }
            Event::ReplyStarted { in_reply_to, attempt, owner } => {
                if let Some(turn) = self.turn_mut(in_reply_to) {
                    turn.attempts = *attempt;
                    turn.outcome = Outcome::Open { owner: *owner };
                }
            }
            Event::AssistantReplied { in_reply_to, content, .. } => {
                self.end(in_reply_to, Outcome::Answered { answer: content.clone(), stopped: false, rating: None });
            }
            Event::ReplyStopped { in_reply_to, content } => {
                self.end(in_reply_to, Outcome::Answered { answer: content.clone(), stopped: true, rating: None });
            }
            Event::ReplyFailed { in_reply_to, reason } => self.end(in_reply_to, Outcome::Failed { reason: *reason }),
            Event::MessageRated { message_id, rating } => self.rate(message_id, *rating),
            Event::ConversationErased { .. } => return Self::default(),
            Event::OperatorActed { .. } => {}
        }
        self
    }

    fn turn_mut(&mut self, id: &MessageId) -> Option<&mut Turn> {
        self.turns.iter_mut().rfind(|turn| turn.message_id == *id)
    }

    fn end(&mut self, id: &MessageId, outcome: Outcome) {
        if let Some(turn) = self.turn_mut(id) {
            turn.outcome = outcome;
        }
    }

    fn rate(&mut self, id: &MessageId, given: Option<Rating>) {
        if let Some(Turn { outcome: Outcome::Answered { rating, .. }, .. }) = self.turn_mut(id) {
            *rating = given;
        }
    }

    /// The turn that `id` began.
    pub(crate) fn turn(&self, id: &MessageId) -> Option<&Turn> {
        self.turns.iter().rfind(|turn| turn.message_id == *id)
    }

    /// The newest turn.
    pub(crate) fn last_turn(&self) -> Option<&Turn> {
        self.turns.last()
    }

    /// The turn that is being answered, here or elsewhere.
    pub(crate) fn open_turn(&self) -> Option<OpenTurn> {
        self.turns.iter().rev().find_map(|turn| match turn.outcome {
            Outcome::Open { owner } => Some(turn.opened_by(owner)),
            Outcome::Answered { .. } | Outcome::Failed { .. } => None,
        })
    }

    /// What the model is shown to answer `question`, asked after the turn before `until` (`None`: now): the newest `limit`
    /// messages. Turns without an answer stay out, so roles alternate.
    pub(crate) fn history(&self, question: &str, until: Option<&MessageId>, limit: usize) -> Vec<PromptMessage> {
        let until = until.and_then(|id| self.turns.iter().rposition(|turn| turn.message_id == *id));
        let end = until.unwrap_or(self.turns.len());
        let answered = self.turns[..end].iter().rev().filter_map(|turn| {
            let (answer, _) = turn.answer().filter(|(answer, _)| !answer.is_empty())?;
            Some([(Role::Assistant, answer), (Role::User, turn.question.as_str())])
        });
        let mut history: Vec<PromptMessage> = std::iter::once((Role::User, question))
            .chain(answered.flatten())
            .take(limit)
            .map(|(role, content)| PromptMessage { role, content: content.to_owned() })
            .collect();
        history.reverse();
        history
    }
}
