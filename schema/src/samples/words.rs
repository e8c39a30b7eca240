//! A fixed vocabulary, of which a few words are said all the time and most hardly ever, as in any language: the word of
//! rank r comes as often as 1/r (Zipf's law).

use super::chance::Chance;

/// Real ones first, the rest made of syllables.
const WORDS: usize = 20_000;

/// The most frequent words, most frequent first.
const FREQUENT: &str = "the to you your order is and for it i a of my in can we that this with not on have please be are \
    will from when how if as our at or has was do by refund shipping account thanks thank there then they number email \
    address delivery payment card after within days business here would like help what which where still invoice return \
    change cancel password login page size color stock price discount code package tracking warehouse customer support \
    team hour today tomorrow yesterday morning sorry problem issue error broken missing wrong item product exchange \
    replace repair warranty receipt subscription plan upgrade monthly yearly free trial billing charge twice bank";

const SYLLABLES: [&str; 40] = [
    "ba", "ren", "ti", "mo", "lu", "sek", "dor", "fa", "gil", "han", "ja", "kor", "len", "mi", "nu", "pol", "qua",
    "ris", "sa", "tor", "ul", "vin", "wo", "xe", "yar", "zo", "bel", "cra", "dim", "el", "fro", "gu", "hi", "jo",
    "kel", "lan", "mur", "nes", "os", "pri",
];

/// Shares no factor with the number of words that three syllables make, so that no word comes twice.
const STRIDE: usize = 7919;

pub(super) struct Vocabulary {
    words: Vec<String>,
    /// The sum of the weights up to each word.
    sums: Vec<u64>,
}

impl Vocabulary {
    pub(super) fn new() -> Self {
        let frequent = FREQUENT.split_whitespace().map(str::to_owned);
        let words: Vec<_> = frequent.chain((0..).map(made_up)).take(WORDS).collect();
        let weights = (1..=words.len() as u64).map(|rank| (1 << 32) / rank);
        let sums = weights.scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self { sums: sums.collect(), words }
    }

    /// `count` words.
    pub(super) fn text(&self, chance: &mut Chance, count: u64) -> String {
        let mut text = String::new();
        for number in 0..count {
            if number > 0 {
                text.push(' ');
            }
            text.push_str(self.word(chance));
        }
        text
    }

    fn word(&self, chance: &mut Chance) -> &str {
        let drawn = chance.below(self.sums.last().copied().unwrap_or(1));
        &self.words[self.sums.partition_point(|sum| *sum <= drawn)]
    }
}

fn made_up(number: usize) -> String {
    let syllables = SYLLABLES.len();
    let spread = (number + 1) * STRIDE % syllables.pow(3);
    [spread / syllables.pow(2), spread / syllables % syllables, spread % syllables]
        .map(|place| SYLLABLES[place])
        .concat()
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    #[test]
    fn no_word_is_there_twice() {
        let words = Vocabulary::new().words;
        assert_eq!(words.iter().collect::<HashSet<_>>().len(), WORDS);
    }

    #[test]
    fn a_word_is_said_as_often_as_its_rank_tells() {
        let text = Vocabulary::new().text(&mut Chance::of(1, 1), 200_000);
        let mut counts: HashMap<&str, u32> = HashMap::new();
        text.split(' ').for_each(|word| *counts.entry(word).or_default() += 1);
        let (first, tenth) = (counts["the"], counts["i"]);
        assert!((8..=12).contains(&(first / tenth)), "{first} and {tenth}");
        assert!(counts.len() > 5_000, "only {} words", counts.len());
    }
}
