//! The demo assistant: answers without a model, and says so first. The same history always gets the same answer.

use std::time::Duration;

use async_stream::stream;
use chat_schema::{FinishReason, Role};
use futures_util::stream::StreamExt;
use tokio::time::sleep;

use super::{Answer, Assistant, Piece, PromptMessage};

/// Pause between two words: quick, yet seen to stream.
const PACE: Duration = Duration::from_millis(12);
/// Most characters quoted of what the visitor wrote.
const MAX_QUOTE: usize = 60;

/// Answers locally, with advice on how to connect a real model.
#[derive(Debug, Clone, Copy, Default)]
pub struct DemoAssistant;

impl Assistant for DemoAssistant {
    fn answer(&self, history: Vec<PromptMessage>) -> Answer {
        stream! {
            for (number, word) in text(&history).split_inclusive(' ').enumerate() {
                if number > 0 {
                    sleep(PACE).await;
                }
                yield Ok(Piece::Tokens(word.into()));
            }
            yield Ok(Piece::Finished { finish_reason: FinishReason::Stop, model: "demo".to_owned(), usage: None });
        }
        .boxed()
    }
}

fn text(history: &[PromptMessage]) -> String {
    let mut asked = history.iter().rev().filter(|message| message.role == Role::User);
    let quote = asked.next().map(|message| quote(&message.content)).unwrap_or_default();
    if asked.next().is_none() {
        format!(
            "This is the demo assistant, nice to meet you! There is no AI model behind me yet, but everything else is \
             real: “{quote}” is stored safely, and this answer streams to you word by word.\n\n\
             For real answers, set OPENAI_API_KEY and restart the server. With OPENAI_BASE_URL it talks to any \
             OpenAI-compatible model, even one of your own."
        )
    } else {
        format!(
            "This is the demo assistant again. I remember our conversation, but without an AI model I cannot say much \
             about “{quote}”. Set OPENAI_API_KEY, restart the server, and a real model answers here."
        )
    }
}

/// The beginning of what the visitor wrote, on one line, cut between two words where there are any.
fn quote(content: &str) -> String {
    let mut quote = String::new();
    let plain: String = content.chars().map(|c| if turns_text(c) { ' ' } else { c }).collect();
    let mut room = MAX_QUOTE;
    for word in plain.split_whitespace() {
        let length = word.chars().count() + usize::from(!quote.is_empty());
        if length > room {
            if quote.is_empty() {
                quote.extend(word.chars().take(MAX_QUOTE));
            }
            quote.push('…');
            break;
        }
        if !quote.is_empty() {
            quote.push(' ');
        }
        quote.push_str(word);
        room -= length;
    }
    quote
}

/// Control characters, and the marks that would change the direction of the words after the quote.
fn turns_text(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn a_quote_is_one_line_of_whole_words() {
        assert_eq!(quote("  How do I\n\treset\u{202e} my password?\0 "), "How do I reset my password?");
        assert_eq!(quote(&"seven77 ".repeat(20)), format!("{}…", ["seven77"; 7].join(" ")));
    }

    #[test]
    fn a_quote_of_one_endless_word_is_cut_between_characters() {
        assert_eq!(quote(&"ü".repeat(500)), format!("{}…", "ü".repeat(60)));
        assert_eq!(quote(&"🦀".repeat(60)), "🦀".repeat(60));
    }
}
