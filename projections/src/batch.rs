//! A batch of events on its way into the tables. Messages are written as they come; conversations and counts are changed
//! in memory and written once, at the end. What the full-text index has to be told is gathered.
//!
//! Architecture invariant: all of it happens in the transaction that the checkpoint is written in. Only a build beside tells its index
//! afterwards, and is thrown away whole if that fails.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chat_eventlog::Position;
use chat_schema::{ConversationId, Envelope, Event, FailureReason, MessageId, MessageStatus, Timings, Usage};
use rusqlite::Connection;

use crate::conversation::{self, Content, Conversation, Question};
use crate::messages::{self, NewMessage};
use crate::prepared::{self, Prepared};
use crate::search::index::Changes;
use crate::statistics::{Tally, failures};
use crate::versions::Step;

/// What the first event of a conversation is taken for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FirstEvents {
    /// Of one that has no row yet, which is then not looked for.
    OfNewConversations {
        /// Up to there events may have been applied before.
        after: Position,
    },
    /// Of one that may have a row.
    OfAny,
}

/// Events applied, and not yet written in full.
pub(crate) struct Batch<'db> {
    first_events: FirstEvents,
    conversations: HashMap<ConversationId, Conversation>,
    next_conversation: i64,
    writer: Writer<'db>,
}

/// Writes what one event changes.
struct Writer<'db> {
    db: &'db Connection,
    /// Of the event that is being written.
    position: Position,
    /// Conversations listed for the first time, less those erased.
    listed: i64,
    tally: Tally,
    index: Changes,
    erased: bool,
}

/// A message's text, and what an answer says besides.
struct Text<'a> {
    content: &'a str,
    /// What the index takes of it.
    words: &'a str,
    status: MessageStatus,
    usage: Option<Usage>,
    timings: Option<Timings>,
}

impl<'db> Batch<'db> {
    pub(crate) fn begin(db: &'db Connection, first_events: FirstEvents) -> rusqlite::Result<Self> {
        let next_conversation = conversation::next_number(db)?;
        let writer = Writer {
            db,
            position: Position::START,
            listed: 0,
            tally: Tally::default(),
            index: Changes::default(),
            erased: false,
        };
        Ok(Self { first_events, conversations: HashMap::new(), next_conversation, writer })
    }

    /// Applies an event if it is the next one of its conversation.
    pub(crate) fn apply(&mut self, Prepared { position, envelope, words }: &Prepared) -> rusqlite::Result<Step> {
        let id = envelope.conversation_id;
        let conversation = match self.conversations.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let is_new = matches!(self.first_events, FirstEvents::OfNewConversations { after } if envelope.version == 1 && *position > after);
                let stored = if is_new { None } else { Conversation::load(self.writer.db, id)? };
                place.insert(stored.unwrap_or_else(|| {
                    self.next_conversation += 1;
                    Conversation::unseen(self.next_conversation - 1, id)
                }))
            }
        };
        let step = Step::of(envelope, conversation.version);
        if step == Step::Next {
            conversation.version = envelope.version;
            conversation.changed = true;
            self.writer.position = *position;
            self.writer.write(conversation, envelope, words)?;
        }
        Ok(step)
    }

    /// What the full-text index has to be told so far.
    pub(crate) fn index(&mut self) -> &mut Changes {
        &mut self.writer.index
    }

    /// Writes the rest, except what the index has to be told; and whether something was erased.
    pub(crate) fn finish(self) -> rusqlite::Result<(Changes, bool)> {
        let db = self.writer.db;
        let mut changed: Vec<_> = self.conversations.values().filter(|conversation| conversation.changed).collect();
        // In the order of the table, which makes a page of it written once.
        changed.sort_unstable_by_key(|conversation| conversation.number);
        for conversation in changed {
            conversation.save(db)?;
        }
        conversation::count(db, self.writer.listed)?;
        self.writer.tally.save(db)?;
        Ok((self.writer.index, self.writer.erased))
    }
}

impl Writer<'_> {
    fn write(&mut self, conversation: &mut Conversation, envelope: &Envelope, words: &str) -> rusqlite::Result<()> {
        match &envelope.event {
            Event::UserMessaged { message_id, session_id, content, owner } => {
                conversation.owner = Some(*owner);
                if conversation.content.is_none() {
                    let at = envelope.recorded_at;
                    let session = session_id.clone();
                    conversation.content =
                        Some(Content { session, created_at: at, updated_at: at, newest: 0, messages: 0, failed: 0 });
                    self.listed += 1;
                    self.tally.conversation(at, 1);
                }
                self.ask(conversation, envelope, message_id, (content, words))
            }
            Event::ReplyStarted { owner, .. } => {
                // The last attempt that ended is still the one that failed.
                conversation.owner = Some(*owner);
                Ok(())
            }
            Event::AssistantReplied { in_reply_to, content, usage, timings, .. } => {
                let (status, timings) = (MessageStatus::Complete, Some(*timings));
                self.end(conversation, envelope, in_reply_to, &Text { content, words, status, usage: *usage, timings })
            }
            Event::ReplyStopped { in_reply_to, content } => {
                let status = MessageStatus::Stopped;
                self.end(
                    conversation,
                    envelope,
                    in_reply_to,
                    &Text { content, words, status, usage: None, timings: None },
                )
            }
            Event::ReplyFailed { in_reply_to, reason } => self.fail(conversation, envelope, in_reply_to, *reason),
            Event::MessageRated { message_id, rating } => match self.question(conversation, message_id)? {
                Some(question) => messages::rate(self.db, conversation.number, question.turn, *rating),
                None => Ok(()),
            },
            Event::ConversationErased { .. } => self.erase(conversation),
            // Not of a conversation: listed from the log, for auditors.
            Event::OperatorActed { .. } => Ok(()),
        }
    }

    fn ask(
        &mut self,
        conversation: &mut Conversation,
        envelope: &Envelope,
        message_id: &MessageId,
        (content, words): (&str, &str),
    ) -> rusqlite::Result<()> {
        let text = Text { content, words, status: MessageStatus::Complete, usage: None, timings: None };
        let number = self.insert(conversation, envelope, envelope.version, Some(message_id), &text)?;
        let (message_id, turn) = (message_id.clone(), envelope.version);
        conversation.latest = Some(Question { message_id, number, turn, failed: false });
        Ok(())
    }

    /// Ends a turn. An answer stopped before its first token leaves no message.
    fn end(
        &mut self,
        conversation: &mut Conversation,
        envelope: &Envelope,
        in_reply_to: &MessageId,
        text: &Text<'_>,
    ) -> rusqlite::Result<()> {
        conversation.owner = None;
        let Some(question) = self.question(conversation, in_reply_to)? else {
            return Ok(());
        };
        self.set_failed(conversation, &question, false)?;
        if text.content.is_empty() && text.status == MessageStatus::Stopped {
            return Ok(());
        }
        self.insert(conversation, envelope, question.turn, None, text)?;
        Ok(())
    }

    fn fail(
        &mut self,
        conversation: &mut Conversation,
        envelope: &Envelope,
        in_reply_to: &MessageId,
        reason: FailureReason,
    ) -> rusqlite::Result<()> {
        conversation.owner = None;
        let Some(question) = self.question(conversation, in_reply_to)? else {
            return Ok(());
        };
        failures::insert(self.db, conversation.number, envelope, reason)?;
        self.tally.failure(envelope.recorded_at, reason, 1);
        self.set_failed(conversation, &question, true)
    }

    /// The newest question of that name.
    fn question(&self, conversation: &Conversation, name: &MessageId) -> rusqlite::Result<Option<Question>> {
        match &conversation.latest {
            Some(latest) if latest.message_id == *name => Ok(Some(latest.clone())),
            _ => messages::question(self.db, conversation.number, name),
        }
    }

    fn set_failed(&self, conversation: &mut Conversation, question: &Question, failed: bool) -> rusqlite::Result<()> {
        if question.failed == failed {
            return Ok(());
        }
        if let Some(latest) = conversation.latest.as_mut().filter(|latest| latest.number == question.number) {
            latest.failed = failed;
        }
        if let Some(content) = &mut conversation.content {
            content.failed = content.failed.saturating_add_signed(if failed { 1 } else { -1 });
        }
        let status = if failed { MessageStatus::Failed } else { MessageStatus::Complete };
        messages::set_status(self.db, question.number, status)
    }

    /// Stores a message, in the place of an answer that stands there already; its number.
    fn insert(
        &mut self,
        conversation: &mut Conversation,
        envelope: &Envelope,
        turn: u64,
        message_id: Option<&MessageId>,
        text: &Text<'_>,
    ) -> rusqlite::Result<i64> {
        let message = NewMessage {
            number: prepared::number(self.position),
            conversation: conversation.number,
            turn,
            message_id,
            id: envelope.id.as_uuid(),
            created_at: envelope.recorded_at,
            status: text.status,
            usage: text.usage,
            timings: text.timings,
            content: text.content,
        };
        let mut added = 1;
        if !messages::insert(self.db, &message)? {
            if let Some(old) = messages::take_answer(self.db, conversation.number, turn)? {
                self.forget(&old);
            }
            messages::insert(self.db, &message)?;
            added = 0;
        }
        self.index.insert(message.number, text.words);
        self.tally.message(message.created_at, message_id.is_none(), message.usage, message.timings, 1);
        if let Some(content) = &mut conversation.content {
            content.updated_at = message.created_at;
            content.newest = message.number;
            content.messages += added;
        }
        Ok(message.number)
    }

    /// Nothing of a message that is gone is found or counted.
    fn forget(&mut self, old: &messages::OldMessage) {
        self.tally.message(old.created_at, old.is_answer, old.usage, old.timings, -1);
        self.index.remove(old.number, &old.content);
    }

    /// Afterwards everything is as if nothing had ever been said.
    fn erase(&mut self, conversation: &mut Conversation) -> rusqlite::Result<()> {
        conversation.owner = None;
        conversation.latest = None;
        if let Some(content) = conversation.content.take() {
            self.listed -= 1;
            self.tally.conversation(content.created_at, -1);
        }
        for old in messages::take_all(self.db, conversation.number)? {
            self.forget(&old);
        }
        for (at, reason) in failures::take_all(self.db, conversation.number)? {
            self.tally.failure(at, reason, -1);
        }
        self.erased = true;
        Ok(())
    }
}
