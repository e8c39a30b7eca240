//! What counts as a word, for the index, for the terms of a search and for the marks in a snippet alike: letters and
//! digits, without case and accents. Scripts written without spaces give a word for every character, so that a part of
//! a sentence is found.

use std::collections::HashSet;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// Longer words are cut there, in the index as in searches.
const LONGEST: usize = 64;

/// Combining class of the marks that tell か from が, which are no accents.
const KANA_VOICING: u8 = 8;

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// As it is compared.
    pub(crate) folded: String,
    /// Where it stands in the text, in bytes.
    pub(crate) range: Range<usize>,
    /// Whether it is one character of a script written without spaces.
    pub(crate) is_ideograph: bool,
}

/// The words of `text`, in order.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut open: Option<Word> = None;
    for (start, c) in text.char_indices() {
        let end = start + c.len_utf8();
        let single = is_unspaced(c);
        if single || !(c.is_alphanumeric() || is_mark(c)) {
            words.extend(open.take());
        }
        let mut folded = String::new();
        fold(c, &mut folded);
        if folded.is_empty() {
            if let Some(word) = &mut open {
                word.range.end = end;
            }
            continue;
        }
        if single {
            words.push(Word { folded, range: start..end, is_ideograph: true });
            continue;
        }
        let word = open.get_or_insert_with(|| Word { folded: String::new(), range: start..end, is_ideograph: false });
        word.range.end = end;
        if word.folded.len() + folded.len() <= LONGEST {
            word.folded.push_str(&folded);
        }
    }
    words.extend(open);
    words
}

/// The different words of `text`, each after `prefix`, with a space between them, as the index takes them. A word that is there
/// several times would be looked up in the index as often, to no effect.
pub(crate) fn indexed(text: &str, prefix: &str) -> String {
    let all = prefixed(text, prefix);
    let mut seen = HashSet::with_capacity(all.len() / 8);
    let mut words = String::with_capacity(all.len());
    for word in all.split(' ').filter(|word| !word.is_empty()) {
        if seen.insert(word) {
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(word);
        }
    }
    words
}

/// The words of `text`, each after `prefix`, in their order.
fn prefixed(text: &str, prefix: &str) -> String {
    let mut words = String::with_capacity(2 * text.len() + 16);
    // Bytes of the word that is open; 0 between words.
    let mut length = 0;
    let close = |words: &mut String, length: &mut usize| {
        if *length > 0 {
            words.push(' ');
        }
        *length = 0;
    };
    for c in text.chars() {
        if c.is_ascii() {
            if !c.is_ascii_alphanumeric() {
                close(&mut words, &mut length);
            } else if length < LONGEST {
                if length == 0 {
                    words.push_str(prefix);
                }
                words.push(c.to_ascii_lowercase());
                length += 1;
            }
            continue;
        }
        let single = is_unspaced(c);
        if single || !(c.is_alphanumeric() || is_mark(c)) {
            close(&mut words, &mut length);
        }
        let before = words.len();
        if length == 0 {
            words.push_str(prefix);
        }
        let start = words.len();
        fold(c, &mut words);
        let added = words.len() - start;
        if added == 0 || length + added > LONGEST {
            words.truncate(before);
        } else {
            length += added;
        }
        if single {
            close(&mut words, &mut length);
        }
    }
    words
}

/// Appends what `c` is compared as; nothing for accents and for what is no part of a word.
fn fold(c: char, folded: &mut String) {
    for part in std::iter::once(c).nfkd().flat_map(char::to_lowercase) {
        let part = if part == 'ς' { 'σ' } else { part };
        let counts = match canonical_combining_class(part) {
            0 => part.is_alphanumeric(),
            class => class == KANA_VOICING,
        };
        if counts {
            folded.push(part);
        }
    }
}

/// Accents, vowel points and the like: they neither end a word nor count.
fn is_mark(c: char) -> bool {
    canonical_combining_class(c) != 0
}

/// Characters of scripts that put no spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c),
        0x0E00..=0x0EFF // Thai, Lao
        | 0x1000..=0x109F // Myanmar
        | 0x1780..=0x17FF // Khmer
        | 0x3041..=0x30FF // Hiragana, Katakana
        | 0x3100..=0x312F // Bopomofo
        | 0x31F0..=0x31FF // Katakana, phonetic extensions
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x323AF // Han
        | 0xFF66..=0xFF9F // Katakana, half width
    ) && (c.is_alphanumeric() || is_mark(c))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn folded(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.folded).collect()
    }

    #[test]
    fn case_and_accents_do_not_count() {
        assert_eq!(folded("Où est l'ÉLÈVE?"), ["ou", "est", "l", "eleve"]);
        assert_eq!(
            folded("cafe\u{301}s \u{FB01}n Straße İzmir ΟΔΟΣ οδος"),
            ["cafes", "fin", "straße", "izmir", "οδοσ", "οδοσ"]
        );
    }

    #[test]
    fn vowel_points_and_signs_do_not_tear_a_word_apart() {
        assert_eq!(folded("كِتَابٌ"), folded("كتاب"));
        assert_eq!(folded("שָׁלוֹם").len(), 1);
        assert_eq!(folded("हिन्दी में").len(), 2);
        assert_eq!(folded("안녕하세요 세계").len(), 2);
    }

    #[test]
    fn scripts_without_spaces_give_a_word_a_character() {
        assert_eq!(folded("返金please"), ["返", "金", "please"]);
        assert_eq!(folded("がか").len(), 2);
        assert_ne!(folded("が"), folded("か"));
        assert_eq!(folded("カ"), folded("ｶ"));
    }

    #[test]
    fn what_is_no_letter_and_no_digit_separates() {
        assert_eq!(folded(" \0-–!?\u{1F980}\"*()'\u{202E} "), Vec::<String>::new());
        assert_eq!(folded("e-mail: a_b 1,5"), ["e", "mail", "a", "b", "1", "5"]);
    }

    #[test]
    fn a_word_stands_where_it_says() {
        let text = "Zürich: 返金 cafe\u{301}!";
        let found: Vec<_> = words(text).into_iter().map(|word| &text[word.range]).collect();
        assert_eq!(found, ["Zürich", "返", "金", "cafe\u{301}"]);
    }

    #[test]
    fn the_index_gets_the_words_that_searches_look_for() {
        for text in [
            "Où est l'ÉLÈVE? e-mail",
            "返金 please がか ｶﾞ ไทย",
            "كِتَابٌ हिन्दी cafe\u{301}s \u{FB01}n ΟΔΟΣ",
            "\u{301}lead a\u{301} \u{1F980} \0 ß \u{212A}",
            &"x".repeat(1000),
            &"é".repeat(1000),
        ] {
            let indexed = indexed(text, "1a");
            let expected: BTreeSet<_> = folded(text).into_iter().map(|word| format!("1a{word}")).collect();
            let mut words: Vec<_> = indexed.split(' ').collect();
            words.sort_unstable();
            assert_eq!(words, Vec::from_iter(&expected), "{text}");
        }
    }

    #[test]
    fn the_index_gets_each_word_once() {
        assert_eq!(indexed("the cat, THE hat and the caté cate", "0"), "0the 0cat 0hat 0and 0cate");
        assert_eq!(indexed(" ?! ", "0"), "");
    }
}
