//! What a server's events repeat. With most servers nearly all of an answer differ from the one before in their text alone, and such a
//! one is read by comparing it with that, in a fraction of the time its JSON takes. OpenAI itself adds noise of changing length to each
//! (`obfuscation`): those are read as JSON.

use std::ops::Range;

/// What stands around the text of an event that says nothing else.
#[derive(Default)]
pub(super) struct Pattern {
    before: String,
    after: String,
}

impl Pattern {
    /// The pattern of an event whose `text`, which is not empty, stands in its `data` as it is.
    pub(super) fn learn(&mut self, data: &str, text: &str) {
        let Some(Range { start, end }) = place(data, text) else { return };
        data[..start].clone_into(&mut self.before);
        data[end..].clone_into(&mut self.after);
    }

    /// The text of an event of this pattern. `None`: it is another, or one whose text JSON spells in its own way.
    pub(super) fn text<'a>(&self, data: &'a str) -> Option<&'a str> {
        if self.after.is_empty() {
            return None;
        }
        let text = data.strip_prefix(&*self.before)?.strip_suffix(&*self.after)?;
        let is_verbatim = |byte| byte >= b' ' && byte != b'"' && byte != b'\\';
        text.bytes().all(is_verbatim).then_some(text)
    }
}

/// Where `part` is in `whole`, if it was cut out of it.
fn place(whole: &str, part: &str) -> Option<Range<usize>> {
    let start = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
    let end = start + part.len();
    (!part.is_empty() && end <= whole.len()).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pattern learnt from this event, whose text is `ich`.
    fn learnt() -> Pattern {
        let data = r#"{"a":[{"text":"ich"}]}"#;
        let mut pattern = Pattern::default();
        pattern.learn(data, &data[15..18]);
        pattern
    }

    #[test]
    fn only_the_text_may_differ() {
        let pattern = learnt();
        for text in ["", "i", "du", " über ", "}]", ","] {
            assert_eq!(pattern.text(&format!(r#"{{"a":[{{"text":"{text}"}}]}}"#)), Some(text));
        }
        for data in
            ["", r#"{"a":[{"text":"#, r#"{"a":[{"text":"du"}],"b":1}"#, r#"{"a":[{"texts":"du"}]}"#, r#"{"a":[]}"#]
        {
            assert_eq!(pattern.text(data), None, "{data}");
        }
    }

    #[test]
    fn what_json_spells_in_its_own_way_is_left_to_it() {
        let pattern = learnt();
        for text in [r"\n", r#"\""#, r#"","text":"#, "\n", "\u{0}"] {
            assert_eq!(pattern.text(&format!(r#"{{"a":[{{"text":"{text}"}}]}}"#)), None, "{text:?}");
        }
    }

    #[test]
    fn a_text_that_is_not_part_of_the_event_teaches_nothing() {
        let mut pattern = Pattern::default();
        pattern.learn(r#"{"text":"ich"}"#, &String::from("ich"));
        pattern.learn(r#"{"text":""}"#, "");
        assert_eq!(pattern.text(r#"{"text":"ich"}"#), None);
    }
}
