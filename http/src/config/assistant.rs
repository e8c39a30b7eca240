//! Who answers, and how long that may take.

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::reader::{Reader, quoted};
use super::server::Mode;

const DEFAULT_BASE_URL: &str = "https://api.openai.com/v1";
const DEFAULT_MODEL: &str = "gpt-4.1-mini";
const DEFAULT_SYSTEM_PROMPT: &str = "You are the support assistant on this website. Be friendly and concise, answer \
    in the visitor's language, and say so when you do not know.";
/// What stands for the key in the example `.env`.
const EXAMPLE_KEY: &str = "sk-...";

const HOUR_MS: u64 = 3_600_000;

/// Which assistant answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AssistantKind {
    /// A server that speaks OpenAI's chat completions.
    OpenAi,
    /// Answers locally, and says so.
    Demo,
}

impl fmt::Display for AssistantKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OpenAi => "openai",
            Self::Demo => "demo",
        })
    }
}

/// The assistant.
#[derive(Debug, Clone)]
pub(crate) struct Assistant {
    /// `ASSISTANT`: `openai` or `demo`; by default `openai` when there is a key.
    pub(crate) kind: AssistantKind,
    /// `OPENAI_API_KEY`: a server of one's own may need none.
    pub(crate) api_key: Option<SecretString>,
    /// `OPENAI_BASE_URL`: what `/chat/completions` is appended to.
    pub(crate) base_url: Url,
    /// `OPENAI_MODEL`
    pub(crate) model: String,
    /// `SYSTEM_PROMPT`
    pub(crate) system_prompt: String,
    /// `MAX_HISTORY_MESSAGES`: messages shown to the model, newest kept.
    pub(crate) max_history: usize,
    /// `ASSISTANT_CONNECT_TIMEOUT_MS`: until a connection stands.
    pub(crate) connect_timeout: Duration,
    /// `ASSISTANT_FIRST_TOKEN_TIMEOUT_MS`: from the request to the first token.
    pub(crate) first_token_timeout: Duration,
    /// `ASSISTANT_TOKEN_TIMEOUT_MS`: from one token to the next.
    pub(crate) token_timeout: Duration,
    /// `ASSISTANT_ANSWER_TIMEOUT_MS`: the whole answer.
    pub(crate) answer_timeout: Duration,
    /// `ASSISTANT_MAX_ANSWER_BYTES`: an answer that grows beyond this is ended.
    pub(crate) max_answer_bytes: usize,
}

impl Assistant {
    pub(super) fn read(reader: &mut Reader<'_>, mode: Mode) -> Self {
        let api_key = reader.secret("OPENAI_API_KEY", None);
        Self {
            kind: kind(reader, mode, api_key.as_ref()),
            api_key,
            base_url: base_url(reader),
            model: text(reader, "OPENAI_MODEL", DEFAULT_MODEL),
            system_prompt: text(reader, "SYSTEM_PROMPT", DEFAULT_SYSTEM_PROMPT),
            max_history: reader.number("MAX_HISTORY_MESSAGES", 30, 1..=1_000),
            connect_timeout: reader.milliseconds("ASSISTANT_CONNECT_TIMEOUT_MS", 10_000, HOUR_MS),
            first_token_timeout: reader.milliseconds("ASSISTANT_FIRST_TOKEN_TIMEOUT_MS", 60_000, HOUR_MS),
            token_timeout: reader.milliseconds("ASSISTANT_TOKEN_TIMEOUT_MS", 30_000, HOUR_MS),
            answer_timeout: reader.milliseconds("ASSISTANT_ANSWER_TIMEOUT_MS", 300_000, HOUR_MS),
            max_answer_bytes: reader.number("ASSISTANT_MAX_ANSWER_BYTES", 262_144, 1..=16_777_216),
        }
    }
}

/// Production never falls back to the demo by itself; elsewhere it does, so that a newcomer needs no key.
fn kind(reader: &mut Reader<'_>, mode: Mode, api_key: Option<&SecretString>) -> AssistantKind {
    let asked = reader.parsed("ASSISTANT", |text| match text {
        "openai" => Ok(AssistantKind::OpenAi),
        "demo" => Ok(AssistantKind::Demo),
        _ => Err(format!("{} is not one of openai, demo", quoted(text))),
    });
    let kind = asked.unwrap_or(if api_key.is_some() || mode.is_production() {
        AssistantKind::OpenAi
    } else {
        AssistantKind::Demo
    });
    reader.show("ASSISTANT", kind);
    let own_server = reader.text("OPENAI_BASE_URL").is_some();
    match (kind, api_key) {
        (AssistantKind::OpenAi, None) if mode.is_production() => {
            reader.missing("OPENAI_API_KEY", "production needs it, unless ASSISTANT=demo is set on purpose");
        }
        (AssistantKind::OpenAi, None) if !own_server => {
            reader.missing("OPENAI_API_KEY", "ASSISTANT=openai needs it, or OPENAI_BASE_URL of a server without keys");
        }
        (AssistantKind::OpenAi, Some(key)) if key.expose_secret() == EXAMPLE_KEY => {
            reader.warn("OPENAI_API_KEY is still the example's placeholder, so the assistant will be unavailable.");
        }
        (AssistantKind::Demo, _) if mode.is_production() => {
            reader.warn("ASSISTANT=demo: visitors get the demo assistant's answers.");
        }
        (AssistantKind::Demo, None) if asked.is_none() && own_server => {
            reader
                .warn("OPENAI_BASE_URL is not used without OPENAI_API_KEY; set ASSISTANT=openai when it needs no key.");
        }
        _ => {}
    }
    kind
}

/// The value is not repeated in a problem: an address may carry a password.
fn base_url(reader: &mut Reader<'_>) -> Url {
    let given = reader.parsed("OPENAI_BASE_URL", |text| {
        let is_base = |url: &Url| matches!(url.scheme(), "http" | "https") && url.fragment().is_none();
        let url = Url::parse(text).ok().filter(is_base);
        let url = url.ok_or_else(|| format!("is not an http or https address such as {DEFAULT_BASE_URL}"))?;
        if url.username().is_empty() && url.password().is_none() {
            Ok(url)
        } else {
            Err("must not carry a user name or password; a key belongs into OPENAI_API_KEY".to_owned())
        }
    });
    let url = given.unwrap_or_else(|| Url::parse(DEFAULT_BASE_URL).expect("the default is an address"));
    reader.show("OPENAI_BASE_URL", &url);
    url
}

fn text(reader: &mut Reader<'_>, name: &'static str, default: &str) -> String {
    let text = reader.text(name).unwrap_or(default);
    reader.show(name, text);
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use crate::config::AssistantKind;
    use crate::config::tests::{load, problems, production};

    const BASE_URL: (&str, &str) = ("OPENAI_BASE_URL", "http://localhost:11434/v1");

    #[test]
    fn a_key_chooses_the_model_and_no_key_the_demo() {
        assert_eq!(load(&[]).assistant.kind, AssistantKind::Demo);
        assert_eq!(load(&[("OPENAI_API_KEY", "sk-1")]).assistant.kind, AssistantKind::OpenAi);
        assert_eq!(load(&[("OPENAI_API_KEY", "sk-1"), ("ASSISTANT", "demo")]).assistant.kind, AssistantKind::Demo);
        assert_eq!(
            problems(&[("ASSISTANT", "gpt")]),
            ["ASSISTANT: \"gpt\" is not one of openai, demo (from environment)"]
        );
    }

    #[test]
    fn production_never_falls_back_to_the_demo_by_itself() {
        let expected = ["OPENAI_API_KEY: is empty; production needs it, unless ASSISTANT=demo is set on purpose"];
        assert_eq!(problems(&production(&[("OPENAI_API_KEY", "")])), expected);
        assert_eq!(problems(&production(&[("OPENAI_API_KEY", ""), ("ASSISTANT", "openai")])), expected);
        let config = load(&production(&[("OPENAI_API_KEY", ""), ("ASSISTANT", "demo")]));
        assert_eq!(config.assistant.kind, AssistantKind::Demo);
        assert_eq!(config.warnings, ["ASSISTANT=demo: visitors get the demo assistant's answers."]);
    }

    #[test]
    fn a_server_of_ones_own_needs_no_key_but_openai_does() {
        let config = load(&[("ASSISTANT", "openai"), BASE_URL]);
        assert_eq!(config.assistant.kind, AssistantKind::OpenAi);
        assert!(config.assistant.api_key.is_none());
        assert_eq!(config.assistant.base_url.as_str(), "http://localhost:11434/v1");
        assert_eq!(
            problems(&[("ASSISTANT", "openai")]),
            ["OPENAI_API_KEY: is not set; ASSISTANT=openai needs it, or OPENAI_BASE_URL of a server without keys"]
        );
    }

    #[test]
    fn a_base_url_that_the_demo_leaves_unused_is_warned_of() {
        let expected =
            ["OPENAI_BASE_URL is not used without OPENAI_API_KEY; set ASSISTANT=openai when it needs no key."];
        assert_eq!(load(&[BASE_URL]).warnings, expected);
        assert_eq!(load(&[BASE_URL, ("ASSISTANT", "demo")]).warnings, [] as [&str; 0]);
    }

    #[test]
    fn the_base_url_is_an_http_address_without_a_password_in_it() {
        for bad in ["api.example.com/v1", "ftp://api.example.com", "https://", "https://api.example.com/#v1"] {
            let expected =
                "OPENAI_BASE_URL: is not an http or https address such as https://api.openai.com/v1 (from environment)";
            assert_eq!(problems(&[("OPENAI_BASE_URL", bad)]), [expected], "{bad}");
        }
        assert_eq!(
            problems(&[("OPENAI_BASE_URL", "https://user:s3cret@api.example.com/v1")]),
            ["OPENAI_BASE_URL: must not carry a user name or password; a key belongs into OPENAI_API_KEY \
                (from environment)"]
        );
    }
}
