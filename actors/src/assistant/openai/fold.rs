//! Events into an answer: what was seen so far, and whether it is whole.

use std::borrow::Cow;
use std::mem;
use std::ops::ControlFlow;

use chat_schema::{FinishReason, Usage};

use super::chunk::{self, Chunk, Frame};
use super::events::Event;
use super::fault::Fault;
use super::pattern::Pattern;
use crate::assistant::Piece;
use crate::tokens::Tokens;

pub(super) struct Fold {
    configured_model: String,
    /// Of the last event that said a text and nothing else.
    pattern: Pattern,
    model: Option<String>,
    /// Not taken yet.
    tokens: Tokens,
    has_text: bool,
    finish_reason: Option<FinishReason>,
    usage: Option<Usage>,
}

impl Fold {
    pub(super) fn new(configured_model: &str) -> Self {
        Self {
            configured_model: configured_model.to_owned(),
            pattern: Pattern::default(),
            model: None,
            tokens: Tokens::default(),
            has_text: false,
            finish_reason: None,
            usage: None,
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        self.finish_reason.is_some()
    }

    /// Takes the next event. Nothing counts after a fault, nor after `[DONE]`.
    pub(super) fn take(&mut self, event: &Event) -> ControlFlow<Result<(), Fault>> {
        let taken = match self.read(event) {
            Ok(Frame::Nothing) => Ok(()),
            Ok(Frame::Chunk(chunk)) => self.chunk(chunk),
            Ok(Frame::Done) => return ControlFlow::Break(Ok(())),
            Err(fault) => Err(fault),
        };
        if taken.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(taken) }
    }

    fn read<'a>(&mut self, event: &'a Event) -> Result<Frame<'a>, Fault> {
        if event.name.is_empty()
            && let Some(text) = self.pattern.text(&event.data)
        {
            return Ok(Frame::Chunk(Chunk { text: text.into(), ..Chunk::default() }));
        }
        let frame = chunk::decode(event)?;
        if let Frame::Chunk(Chunk { text: Cow::Borrowed(text), finish_reason: None, usage: None, .. }) = &frame {
            self.pattern.learn(&event.data, text);
        }
        Ok(frame)
    }

    /// The tokens that came since the last call, if any did.
    pub(super) fn take_tokens(&mut self) -> Option<Tokens> {
        (!self.tokens.is_empty()).then(|| mem::take(&mut self.tokens))
    }

    fn chunk(&mut self, chunk: Chunk<'_>) -> Result<(), Fault> {
        if self.is_finished() && !chunk.text.is_empty() {
            return Err(Fault::TextAfterEnd);
        }
        self.has_text |= !chunk.text.trim().is_empty();
        self.finish_reason = self.finish_reason.or(chunk.finish_reason);
        if self.model.is_none() {
            self.model = chunk.model.map(Cow::into_owned);
        }
        self.usage = chunk.usage.or(self.usage);
        self.tokens.push(&chunk.text);
        Ok(())
    }

    /// The end of the answer, if what came is one.
    pub(super) fn finish(self) -> Result<Piece, Fault> {
        let finish_reason = self.finish_reason.ok_or(Fault::Cut)?;
        if !self.has_text {
            return Err(Fault::Empty);
        }
        Ok(Piece::Finished { finish_reason, model: self.model.unwrap_or(self.configured_model), usage: self.usage })
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    /// What an answer of these events said, what its last one led to, and the answer so far.
    fn said<'a>(events: impl IntoIterator<Item = &'a str>) -> (Tokens, Option<Result<(), Fault>>, Fold) {
        let (mut fold, mut tokens) = (Fold::new("scripted"), Tokens::default());
        for data in events {
            let event = Event { data: data.to_owned(), ..Event::default() };
            let taken = fold.take(&event);
            tokens.extend(&fold.take_tokens().unwrap_or_default());
            if let ControlFlow::Break(end) = taken {
                return (tokens, Some(end), fold);
            }
        }
        (tokens, None, fold)
    }

    fn token(text: &str) -> String {
        format!(r#"{{"model":"m","choices":[{{"index":0,"delta":{{"content":"{text}"}},"finish_reason":null}}]}}"#)
    }

    #[test]
    fn texts_of_one_pattern_are_those_that_json_gives() {
        let texts = ["Ja", ", ", "", " über ", r"\n", r"\u00e4", "\u{1F600}", "}]}", " ", r#"\""#, "Ende"];
        let events = texts.map(token);
        let (tokens, end, _) = said(events.iter().map(String::as_str));
        assert!(end.is_none());
        let each = events.iter().map(|event| said([event.as_str()]).0);
        let mut apart = Tokens::default();
        each.for_each(|token| apart.extend(&token));
        assert_eq!((tokens.len(), &tokens), (texts.len() - 1, &apart));
    }

    #[test]
    fn what_an_event_says_besides_its_text_is_not_taken_from_the_one_before() {
        let (first, last) = (token("Ja"), token("!").replace("null", r#""stop""#));
        let used = token("?").replace(r#""model""#, r#""usage":{"prompt_tokens":1,"completion_tokens":2},"model""#);
        let (tokens, end, fold) = said([&*first, &*used, &*last]);
        assert_eq!((tokens.text(), end.is_none()), ("Ja?!", true));
        let usage = Some(Usage { prompt_tokens: 1, completion_tokens: 2 });
        let Ok(Piece::Finished { finish_reason, model, usage: counted }) = fold.finish() else { panic!("is whole") };
        assert_eq!((finish_reason, &*model, counted), (FinishReason::Stop, "m", usage));
    }

    #[test]
    fn a_text_of_the_pattern_after_the_end_is_a_fault_like_any_other() {
        let (first, last) = (token("Ja"), token("!").replace("null", r#""stop""#));
        let (tokens, end, _) = said([&*first, &*last, &*first]);
        assert_eq!(tokens.text(), "Ja!");
        assert!(matches!(end, Some(Err(Fault::TextAfterEnd))));
    }

    #[test]
    fn a_text_makes_the_pattern_of_those_after_it() {
        let (_, _, fold) = said([&*token("Ja")]);
        assert_eq!(fold.pattern.text(&token("Nein")), Some("Nein"));
    }

    /// An event of one of many shapes, around a text that is one or would like to be more.
    fn event() -> impl Strategy<Value = String> {
        let texts =
            ["", "Ja", "Nein", " ", "ü", r"\u00fc", r"\n", "\n", r#"\""#, r#"","refusal":"no"#, "}]}", r#""}}]}"#];
        let shapes = [
            r#"{"choices":[{"delta":{"content":"TEXT"}}]}"#,
            r#" {"model":"m","choices":[{"index":0,"delta":{"content":"TEXT"},"finish_reason":null}],"usage":null}"#,
            r#"{"model":"TEXT","choices":[{"delta":{"content":"TEXT"}}]}"#,
            r#"{"choices":[{"delta":{"content":"TEXT"},"finish_reason":"TEXT"}]}"#,
            r#"{"choices":[{"delta":{"content":"TEXT"},"finish_reason":"stop"}]}"#,
            r#"{"choices":[{"delta":{"content":"TEXT"}},{"index":1,"delta":{"content":"TEXT"}},{"delta":{"content":"Ja"}}]}"#,
            r#"{"choices":[{"delta":{"content":""}},{"delta":{"content":"TEXT"}}]}"#,
            r#"{"choices":[{"delta":{"content":"TEXT","content":"Ja"}}]}"#,
            r#"{"choices":[{"delta":{"content":"TEXT","refusal":""}}],"note":"TEXT"}"#,
            r#"{"choices":[{"delta":{"content":"Ja","refusal":"TEXT"}}]}"#,
            r#"{"choices":[{"index":2,"delta":{"content":"TEXT"}}]}"#,
            r#"{"choices":[{"delta":{"content":"TEXT"}}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#,
            r#"{"choices":[{"delta":{"content":"TEXT"}}]"#,
            r#"{"error":"TEXT"}"#,
            "TEXT",
        ];
        let event = (select(texts.to_vec()), select(shapes.to_vec()));
        event.prop_map(|(text, shape)| shape.replace("TEXT", text))
    }

    proptest! {
        #[test]
        fn an_answer_is_the_one_that_json_gives(events in vec(event(), 1..12)) {
            let answer = |compares: bool| {
                let (mut fold, mut steps) = (Fold::new("scripted"), Vec::new());
                for data in &events {
                    if !compares {
                        fold.pattern = Pattern::default();
                    }
                    let taken = fold.take(&Event { data: data.clone(), ..Event::default() });
                    steps.push((format!("{taken:?}"), fold.take_tokens()));
                    if taken.is_break() {
                        break;
                    }
                }
                (steps, format!("{:?}", fold.finish()))
            };
            prop_assert_eq!(answer(true), answer(false));
        }
    }

    #[test]
    fn an_event_of_another_type_is_not_compared() {
        let mut fold = Fold::new("scripted");
        assert!(fold.take(&Event { data: token("Ja"), ..Event::default() }).is_continue());
        let reported = fold.take(&Event { name: "error".to_owned(), data: token("nein") });
        assert!(matches!(reported, ControlFlow::Break(Err(Fault::Reported))));
    }
}
