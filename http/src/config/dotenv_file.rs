//! The `.env` file, read as the upstream server (Node's `dotenv`) reads it: a value without quotes goes to the end of
//! its line, blanks, `$`, `\` and `'` included, so that a list with blanks and a password with a `$` mean the same here.
//! (The crate `dotenvy` refuses the one and silently cuts the other.) Unlike Node's, `#` is a comment only after a blank.
//!
//! Architecture invariant: a problem names the line, never what is on it.

use std::collections::BTreeMap;
use std::str::Lines;

/// The variables of the file and, one line each, its problems. Of a name that is set twice the last counts.
pub(super) fn parse(text: &str) -> (BTreeMap<String, String>, Vec<String>) {
    let (mut values, mut problems) = (BTreeMap::new(), Vec::new());
    let mut lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines();
    let total = lines.clone().count();
    while let Some(line) = lines.next() {
        let number = total - lines.clone().count();
        match assignment(line.trim(), &mut lines) {
            Ok(None) => {}
            Ok(Some((name, value))) => drop(values.insert(name, value)),
            Err(problem) => problems.push(format!(".env line {number}: {problem}")),
        }
    }
    (values, problems)
}

/// The name and value that begin on `line`; takes from `rest` what a quoted value goes on to.
fn assignment(line: &str, rest: &mut Lines<'_>) -> Result<Option<(String, String)>, &'static str> {
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (name, value) = line.split_once('=').ok_or("expected NAME=value or a comment after #")?;
    let name = name.strip_prefix("export ").unwrap_or(name).trim();
    if !is_name(name) {
        return Err("expected a name of letters, digits and _ before the =");
    }
    let value = value.trim_start();
    let value = match value.chars().next() {
        Some(quote @ ('"' | '\'' | '`')) => quoted(&value[1..], quote, rest)?,
        _ => before_comment(value).to_owned(),
    };
    Ok(Some((name.to_owned(), value)))
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

fn before_comment(value: &str) -> &str {
    let mut before = ' ';
    let comment = value.char_indices().find(|(_, c)| {
        let begins = *c == '#' && before.is_whitespace();
        before = *c;
        begins
    });
    value[..comment.map_or(value.len(), |(at, _)| at)].trim_end()
}

/// A quoted value may go on over the next lines. When it never ends, no further line is taken for it.
fn quoted(first: &str, quote: char, rest: &mut Lines<'_>) -> Result<String, &'static str> {
    let (mut text, mut ahead) = (first.to_owned(), rest.clone());
    let end = loop {
        if let Some(end) = closing(&text, quote) {
            break end;
        }
        text.push('\n');
        text.push_str(ahead.next().ok_or("the quote is not closed")?);
    };
    *rest = ahead;
    let after = text[end + 1..].trim_start();
    if !(after.is_empty() || after.starts_with('#')) {
        return Err("only a comment may follow the closing quote");
    }
    text.truncate(end);
    Ok(if quote == '"' { unescaped(&text) } else { text })
}

fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let ends = c == quote && !escaped;
        escaped = quote == '"' && c == '\\' && !escaped;
        ends.then_some(at)
    })
}

/// Within double quotes `\n`, `\r`, `\"` and `\\` are what they are elsewhere; any other backslash stands for itself.
fn unescaped(text: &str) -> String {
    let (mut plain, mut chars) = (String::with_capacity(text.len()), text.chars());
    while let Some(c) = chars.next() {
        let next = if c == '\\' { chars.clone().next() } else { None };
        let meant = match next {
            Some('n') => '\n',
            Some('r') => '\r',
            Some(same @ ('"' | '\\')) => same,
            _ => {
                plain.push(c);
                continue;
            }
        };
        plain.push(meant);
        chars.next();
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(line: &str) -> String {
        let (values, problems) = parse(line);
        assert_eq!(problems, [] as [&str; 0], "{line}");
        values["A"].clone()
    }

    fn problem(text: &str) -> String {
        let (_, problems) = parse(text);
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].clone()
    }

    #[test]
    fn a_value_without_quotes_is_the_rest_of_its_line_as_it_stands() {
        assert_eq!(value("A=pa$word"), "pa$word");
        assert_eq!(value("A = https://a.example, https://b.example "), "https://a.example, https://b.example");
        assert_eq!(value("A=..\\widget\\dist"), "..\\widget\\dist");
        assert_eq!(value("A=You don't \"know\""), "You don't \"know\"");
        assert_eq!(value("A=b=c"), "b=c");
        assert_eq!(value("export A=b"), "b");
        assert_eq!(value("A="), "");
    }

    #[test]
    fn a_number_sign_begins_a_comment_only_after_a_blank() {
        assert_eq!(value("# comment\n  # another\n\nA=b # c"), "b");
        assert_eq!(value("A=b#c"), "b#c");
        assert_eq!(value("A=#b"), "");
        assert_eq!(value("A='b # c' # d"), "b # c");
    }

    #[test]
    fn quotes_keep_blanks_and_lines_together() {
        assert_eq!(value("A=' b '"), " b ");
        assert_eq!(value("A='b\\n'"), "b\\n");
        assert_eq!(value("A=\"b\\n\\\"c\\\" \\\\ \\d\""), "b\n\"c\" \\ \\d");
        assert_eq!(value("A=`it's \"b\"`"), "it's \"b\"");
        assert_eq!(value("A=\"first\nsecond # kept\"\nB=c"), "first\nsecond # kept");
    }

    #[test]
    fn the_last_of_two_values_counts_and_windows_files_read_the_same() {
        assert_eq!(value("A=b\nA=c"), "c");
        assert_eq!(value("\u{feff}A=b\r\nB=c\r\n"), "b");
    }

    #[test]
    fn a_malformed_line_is_named_by_its_number_and_not_repeated() {
        assert_eq!(problem("A=b\nsk-secret"), ".env line 2: expected NAME=value or a comment after #");
        assert_eq!(problem("sk secret=b"), ".env line 1: expected a name of letters, digits and _ before the =");
        assert_eq!(problem("A='b' secret"), ".env line 1: only a comment may follow the closing quote");
        assert_eq!(problem("\nA=\"two\nlines\" secret"), ".env line 2: only a comment may follow the closing quote");
    }

    #[test]
    fn an_open_quote_does_not_swallow_the_lines_after_it() {
        let (values, problems) = parse("A='b\nB=c\nC=d");
        assert_eq!(problems, [".env line 1: the quote is not closed"]);
        assert_eq!(values.keys().collect::<Vec<_>>(), ["B", "C"]);
    }
}
