//! What an operator looks for. All of it is words: there is no syntax to get wrong or to smuggle in.

use std::ops::Range;

use super::words::{Word, words};

/// Longest search, in Unicode scalar values.
const MAX_CHARS: usize = 200;

/// Shortest beginning that finds longer words.
const SHORTEST_BEGINNING: usize = 2;

/// A search: a message is found when it has every phrase, in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Words that stand one after the other in the message: what was written without a space between.
    phrases: Vec<Vec<String>>,
    /// Whether the last word may be the beginning of one, since it may not be typed to its end.
    open: bool,
}

/// The text is too long to be searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is too long: search for at most 200 characters")]
pub struct QueryTooLong;

impl Query {
    /// The search for `text`.
    ///
    /// # Errors
    /// It has more than 200 characters.
    pub fn parse(text: &str) -> Result<Self, QueryTooLong> {
        if text.chars().count() > MAX_CHARS {
            return Err(QueryTooLong);
        }
        let phrases: Vec<Vec<Word>> = text.split_whitespace().map(words).filter(|phrase| !phrase.is_empty()).collect();
        let last = phrases.last().and_then(|phrase| phrase.last());
        let open = last.is_some_and(|last| !last.is_ideograph && last.folded.chars().count() >= SHORTEST_BEGINNING);
        let folded = |phrase: Vec<Word>| phrase.into_iter().map(|word| word.folded).collect();
        Ok(Self { phrases: phrases.into_iter().map(folded).collect(), open })
    }

    /// Whether there is no word in it: then it finds nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.phrases.is_empty()
    }

    /// For the index, which knows the words of a message, each after `prefix`, but not where they stand.
    pub(crate) fn index_expression(&self, prefix: &str) -> String {
        let mut words: Vec<_> = self.phrases.iter().flatten().map(|word| format!("\"{prefix}{word}\"")).collect();
        if self.open
            && let Some(last) = words.last_mut()
        {
            last.push('*');
        }
        words.join(" ")
    }

    /// Where `text` has what is looked for, in bytes, in order and apart; `None` if a phrase is missing.
    pub(crate) fn hits(&self, text: &str) -> Option<Vec<Range<usize>>> {
        let words = words(text);
        let mut hits = Vec::new();
        for (number, phrase) in self.phrases.iter().enumerate() {
            let open = self.open && number + 1 == self.phrases.len();
            let before = hits.len();
            for window in words.windows(phrase.len()).filter(|window| is_phrase(window, phrase, open)) {
                hits.extend(window.iter().map(|word| word.range.clone()));
            }
            if hits.len() == before {
                return None;
            }
        }
        hits.sort_by_key(|hit| hit.start);
        hits.dedup();
        Some(hits)
    }
}

fn is_phrase(words: &[Word], phrase: &[String], open: bool) -> bool {
    let last = phrase.len() - 1;
    words.iter().zip(phrase).enumerate().all(|(place, (word, wanted))| {
        if open && place == last { word.folded.starts_with(wanted.as_str()) } else { word.folded == *wanted }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'a>(query: &str, text: &'a str) -> Option<Vec<&'a str>> {
        let hits = Query::parse(query).unwrap().hits(text)?;
        Some(hits.into_iter().map(|hit| &text[hit]).collect())
    }

    #[test]
    fn every_word_has_to_be_there_in_any_order() {
        assert_eq!(found("order my", "My order, my ORDER"), Some(vec!["My", "order", "my", "ORDER"]));
        assert_eq!(found("order your", "My order"), None);
    }

    #[test]
    fn only_the_last_word_may_be_a_beginning() {
        assert_eq!(found("ref", "a refund"), Some(vec!["refund"]));
        assert_eq!(found("ref please", "a refund, please"), None);
        assert_eq!(found("r", "a refund"), None, "one letter is not enough to search for");
        assert_eq!(found("a", "a refund"), Some(vec!["a"]));
    }

    #[test]
    fn what_is_written_together_stands_together() {
        assert_eq!(found("e-mail", "by e-mail"), Some(vec!["e", "mail"]));
        assert_eq!(found("e-mail", "mail by e"), None);
        assert_eq!(found("返金", "全額返金です"), Some(vec!["返", "金"]));
        assert_eq!(found("返金", "金を返す"), None);
    }

    #[test]
    fn nothing_in_it_is_syntax() {
        let query = Query::parse("\"a\" OR b* NEAR(c, 2) -d {x}: ^e AND").unwrap();
        assert_eq!(query.index_expression(""), "\"a\" \"or\" \"b\" \"near\" \"c\" \"2\" \"d\" \"x\" \"e\" \"and\"*");
    }

    #[test]
    fn a_search_without_a_word_is_empty_and_a_long_one_refused() {
        for text in ["", "  ", "!?*\"'", "\0"] {
            assert!(Query::parse(text).unwrap().is_empty(), "{text:?}");
        }
        assert!(Query::parse(&"é".repeat(200)).is_ok());
        assert_eq!(Query::parse(&"é".repeat(201)), Err(QueryTooLong));
    }
}
