//! The optional `open-chat.toml`. A key stands for the variable that its table path and itself spell, joined by `_`:
//! `[rate_limit] window_ms = 60000` is `RATE_LIMIT_WINDOW_MS`.
//!
//! Architecture invariant: a problem names the line and the key, never the value.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::variables::{is_ignored, is_known, nearest};

/// The file's name in the working directory.
pub(super) const NAME: &str = "open-chat.toml";

/// The variables of the file and, one line each, its problems.
pub(super) fn parse(text: &str) -> (BTreeMap<String, String>, Vec<String>) {
    let mut file = File { text, values: BTreeMap::new(), problems: Vec::new() };
    match DeTable::parse(text) {
        Ok(table) => file.read(&[], table.get_ref()),
        Err(error) => {
            let what = error.message().lines().collect::<Vec<_>>().join(", ");
            file.problem(error.span().map_or(0, |span| span.start), &format!("not TOML: {what}"));
        }
    }
    file.problems.sort();
    (file.values, file.problems.into_iter().map(|(_, problem)| problem).collect())
}

struct File<'a> {
    text: &'a str,
    values: BTreeMap<String, String>,
    /// With the line, so that they come in the file's order.
    problems: Vec<(usize, String)>,
}

impl File<'_> {
    fn problem(&mut self, offset: usize, what: &str) {
        let line = 1 + self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count();
        self.problems.push((line, format!("{NAME} line {line}: {what}")));
    }

    fn read(&mut self, tables: &[&str], table: &DeTable<'_>) {
        for (key, value) in table {
            let path = [tables, &[key.get_ref().as_ref()]].concat();
            match value.get_ref() {
                DeValue::Table(inner) => self.read(&path, inner),
                _ => self.set(&path, key.span().start, value),
            }
        }
    }

    fn set(&mut self, path: &[&str], offset: usize, value: &Spanned<DeValue<'_>>) {
        let (key, name) = (path.join("."), path.join("_").to_uppercase());
        if !is_known(&name) && !is_ignored(&name) {
            return self.problem(offset, &unknown(path, &name));
        }
        let Some(text) = text_of(value.get_ref()) else {
            return self.problem(offset, &format!("{key} must be a text, a whole number or a list of texts"));
        };
        if self.values.insert(name, text).is_some() {
            self.problem(offset, &format!("{key} is set twice, under two spellings of its table"));
        }
    }
}

/// Says which key was probably meant, spelled for the table that the unknown one is in.
fn unknown(path: &[&str], name: &str) -> String {
    let key = path.join(".");
    let Some(meant) = nearest(name).map(str::to_lowercase) else {
        return format!("unknown key {key}; keys are variable names in lower case");
    };
    let tables = &path[..path.len() - 1];
    let within = meant.strip_prefix(&format!("{}_", tables.join("_").to_lowercase()));
    let meant = within.map_or_else(|| meant.clone(), |last| format!("{}.{last}", tables.join(".")));
    format!("unknown key {key}; did you mean {meant}?")
}

/// A value as the environment would spell it.
fn text_of(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(i64::from_str_radix(number.as_str(), number.radix()).ok()?.to_string()),
        DeValue::Array(items) => {
            let items: Option<Vec<String>> = items
                .iter()
                .map(|item| match item.get_ref() {
                    DeValue::Array(_) => None,
                    single => text_of(single),
                })
                .collect();
            Some(items?.join(","))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        parse(text).1
    }

    #[test]
    fn a_table_path_and_a_key_spell_a_variable() {
        let (values, problems) = parse(
            "port = 4_001\ncors_origin = ['https://a.example', 'https://b.example']\n\
             [rate_limit]\nwindow_ms = 0x10\n[assistant.first_token]\ntimeout_ms = '5'\n[openai]\napi_key = 'k'",
        );
        assert_eq!(problems, [] as [&str; 0]);
        let expected = [
            ("ASSISTANT_FIRST_TOKEN_TIMEOUT_MS", "5"),
            ("CORS_ORIGIN", "https://a.example,https://b.example"),
            ("OPENAI_API_KEY", "k"),
            ("PORT", "4001"),
            ("RATE_LIMIT_WINDOW_MS", "16"),
        ];
        assert_eq!(values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn an_unknown_key_is_named_with_what_was_probably_meant() {
        assert_eq!(
            problems("[rate_limit]\nwindow_sm = 1"),
            ["open-chat.toml line 2: unknown key rate_limit.window_sm; did you mean rate_limit.window_ms?"]
        );
        assert_eq!(
            problems("prot = 1\n[rate]\nlimit_max_request = 1"),
            [
                "open-chat.toml line 1: unknown key prot; did you mean port?",
                "open-chat.toml line 3: unknown key rate.limit_max_request; did you mean rate.limit_max_requests?",
            ]
        );
        assert_eq!(
            problems("[openay]\napi_key = 'k'"),
            ["open-chat.toml line 2: unknown key openay.api_key; did you mean openai_api_key?"]
        );
        assert_eq!(
            problems("colour = 'red'"),
            ["open-chat.toml line 1: unknown key colour; keys are variable names in lower case"]
        );
    }

    #[test]
    fn a_value_of_another_kind_is_refused_without_repeating_it() {
        for value in ["true", "1.5", "1979-05-27", "[['a']]", "[1.5]", "99999999999999999999", "{ }"] {
            let expected = ["open-chat.toml line 1: port must be a text, a whole number or a list of texts"];
            // An empty table has no key and says nothing.
            let expected = if value == "{ }" { &[] } else { &expected[..] };
            assert_eq!(problems(&format!("port = {value}")), expected, "{value}");
        }
    }

    #[test]
    fn the_same_variable_under_two_spellings_is_refused() {
        let twice = problems("rate_limit_window_ms = 1\n[rate_limit]\nwindow_ms = 2");
        assert_eq!(twice.len(), 1);
        assert!(twice[0].ends_with("is set twice, under two spellings of its table"), "{twice:?}");
    }

    #[test]
    fn what_is_not_toml_is_one_line_with_its_place_and_without_its_text() {
        for text in
            ["port = 1\nwidget_api_key = s3cret", "port = 1\nwidget_api_key s3cret", "\nx = \"s3cret", "\n[s3cret"]
        {
            let found = problems(text);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with("open-chat.toml line 2: not TOML: "), "{found:?}");
            assert!(!found[0].contains("s3cret") && !found[0].contains('\n'), "{found:?}");
        }
        assert_eq!(problems("port = 1\nport = 2"), ["open-chat.toml line 2: not TOML: duplicate key"]);
    }
}
