//! The part of a message that shows why it was found.

use std::ops::Range;

use chat_schema::SnippetPart;

/// What is shown before the first hit, and in all, in Unicode scalar values.
const BEFORE: usize = 60;
const WHOLE: usize = 240;
const CUT: &str = "…";

/// The surroundings of the first of `hits` in `text`, in parts.
pub(crate) fn snippet(text: &str, hits: &[Range<usize>]) -> Vec<SnippetPart> {
    let shown = window(text, hits.first().map_or(0, |hit| hit.start));
    let mut parts = Vec::new();
    let mut from = shown.start;
    if from > 0 {
        push(&mut parts, CUT, false);
    }
    for hit in hits {
        let (start, end) = (hit.start.max(from), hit.end.min(shown.end));
        if start < end {
            push(&mut parts, &text[from..start], false);
            push(&mut parts, &text[start..end], true);
            from = end;
        }
    }
    push(&mut parts, &text[from..shown.end], false);
    if shown.end < text.len() {
        push(&mut parts, CUT, false);
    }
    parts
}

fn window(text: &str, hit: usize) -> Range<usize> {
    let start = text[..hit].char_indices().rev().nth(BEFORE).map_or(0, |(start, c)| start + c.len_utf8());
    // Not in the middle of a word, where a space is near.
    let start = match text[start..hit].find(char::is_whitespace) {
        Some(space) if start > 0 => start + space,
        _ => start,
    };
    let end = text[start..].char_indices().nth(WHOLE).map_or(text.len(), |(end, _)| start + end);
    start..end
}

/// Neighbours of one kind become one part.
fn push(parts: &mut Vec<SnippetPart>, text: &str, hit: bool) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(last) if last.hit == hit => last.text.push_str(text),
        _ => parts.push(SnippetPart { text: text.to_owned(), hit }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Query;

    fn marked(query: &str, text: &str) -> String {
        let hits = Query::parse(query).unwrap().hits(text).unwrap();
        let mark = |part: SnippetPart| if part.hit { format!("[{}]", part.text) } else { part.text };
        snippet(text, &hits).into_iter().map(mark).collect()
    }

    #[test]
    fn a_short_message_is_shown_whole() {
        assert_eq!(marked("order", "My <b>order</b> is late"), "My <b>[order]</b> is late");
        assert_eq!(marked("返金", "全額返金です"), "全額[返金]です");
    }

    #[test]
    fn a_long_message_is_cut_around_the_first_hit() {
        let text = format!("{}needle {}", "hay stack ".repeat(100), "straw ".repeat(100));
        let shown = marked("needle", &text);
        assert!(shown.starts_with("… ") && shown.contains("stack [needle] straw") && shown.ends_with('…'), "{shown}");
        assert!(shown.chars().count() < 250, "{shown}");
    }

    #[test]
    fn text_without_a_space_is_cut_between_characters() {
        let text = format!("{}needle {}", "\u{1F980}".repeat(500), "\u{1F980}".repeat(500));
        assert!(marked("needle", &text).contains("[needle]"));
    }
}
