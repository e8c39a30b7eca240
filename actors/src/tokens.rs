//! Tokens of an answer, one after the other in one text.

/// Texts in order, none of them empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tokens {
    text: String,
    ends: Vec<usize>,
}

impl Tokens {
    /// Adds one; an empty text is none.
    pub fn push(&mut self, token: &str) {
        if !token.is_empty() {
            self.text.push_str(token);
            self.ends.push(self.text.len());
        }
    }

    /// Adds all of `more`.
    pub(crate) fn extend(&mut self, more: &Self) {
        let before = self.text.len();
        self.text.push_str(&more.text);
        self.ends.extend(more.ends.iter().map(|end| before + end));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Their concatenation.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Those from number `first` on.
    pub fn after(&self, first: usize) -> impl ExactSizeIterator<Item = &str> {
        (first..self.ends.len()).map(|i| {
            let start = if i == 0 { 0 } else { self.ends[i - 1] };
            &self.text[start..self.ends[i]]
        })
    }
}

impl From<&str> for Tokens {
    fn from(token: &str) -> Self {
        let mut tokens = Self::default();
        tokens.push(token);
        tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_stay_apart_and_none_is_empty() {
        let mut tokens = Tokens::from("Ja");
        tokens.push("");
        tokens.extend(&Tokens::default());
        let mut more = Tokens::from(", ");
        more.push("ü");
        tokens.extend(&more);
        assert_eq!((tokens.len(), tokens.text()), (3, "Ja, ü"));
        assert_eq!(tokens.after(0).collect::<Vec<_>>(), ["Ja", ", ", "ü"]);
        assert_eq!(tokens.after(1).collect::<Vec<_>>(), [", ", "ü"]);
        assert_eq!((tokens.after(3).len(), Tokens::from("").is_empty()), (0, true));
    }
}
