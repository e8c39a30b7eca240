//! What an import came to.

use std::time::Duration;

use chat_schema::ConversationId;

use super::story::{Import, NO_QUESTION};

/// What was done, conversation by conversation.
#[derive(Default)]
pub(super) struct Report {
    /// Conversations that got messages.
    written: u64,
    /// Conversations of which everything was there.
    known: u64,
    messages: u64,
    unanswered: u64,
    unasked: u64,
    pub(super) events: u64,
    gone_on: Vec<(ConversationId, u64)>,
    erased: Vec<ConversationId>,
}

impl Report {
    pub(super) fn add(&mut self, conversation: ConversationId, import: &Import) {
        match import {
            Import::Known => self.known += 1,
            Import::New(told) => {
                self.written += 1;
                self.messages += told.messages;
                self.unanswered += told.unanswered;
                self.unasked += told.unasked;
                self.events += told.events.len() as u64;
            }
            Import::GoneOn(messages) => self.gone_on.push((conversation, *messages)),
            Import::Erased => self.erased.push(conversation),
        }
    }

    /// Conversations that were looked at.
    pub(super) fn conversations(&self) -> u64 {
        self.written + self.known + (self.gone_on.len() + self.erased.len()) as u64
    }

    pub(super) fn print(&self, elapsed: Duration) {
        let Self { written, known, messages, unanswered, unasked, events, gone_on, erased } = self;
        let seconds = elapsed.as_secs_f64();
        println!(
            "imported: {messages} messages of {written} conversations, as {events} events in {seconds:.1} s ({:.0} a second)",
            *events as f64 / seconds.max(0.001)
        );
        println!("there already: {known} conversations");
        if *unanswered > 0 {
            println!("{unanswered} questions have no answer: their turns are shown as failed");
        }
        if *unasked > 0 {
            println!("{unasked} answers have no question: `{NO_QUESTION}` stands in its place");
        }
        for (conversation, messages) in gone_on {
            println!(
                "left as it is, since it has gone on here: conversation {conversation}, {messages} messages not imported"
            );
        }
        for conversation in erased {
            println!("left as it is, since it was erased here: conversation {conversation}");
        }
    }
}
