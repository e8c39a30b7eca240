//! What the OpenAI-compatible assistant is told at the start, and what it refuses.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use super::fault;

/// How to reach the model.
#[derive(Debug, Clone)]
pub struct OpenAiSettings {
    /// The server's address up to its version (`OPENAI_BASE_URL`), with or without a slash at the end. A query is kept.
    pub base_url: String,
    /// Sent as a bearer token (`OPENAI_API_KEY`); a server without keys, such as Ollama, needs none.
    pub api_key: Option<SecretString>,
    /// The model's name (`OPENAI_MODEL`).
    pub model: String,
    /// What the model is told before the conversation (`SYSTEM_PROMPT`); nothing when empty.
    pub system_prompt: String,
    /// How long a connection, with its TLS handshake, may take.
    pub connect_timeout: Duration,
    /// Whether `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` are obeyed.
    pub system_proxy: bool,
}

impl Default for OpenAiSettings {
    fn default() -> Self {
        Self {
            base_url: "https://api.openai.com/v1".to_owned(),
            api_key: None,
            model: "gpt-4.1-mini".to_owned(),
            system_prompt:
                "You are the support assistant of this website. Answer in the visitor's language, in a few short, \
                            friendly sentences of plain text. Say so when you do not know something."
                    .to_owned(),
            connect_timeout: Duration::from_secs(10),
            system_proxy: true,
        }
    }
}

/// Why the assistant cannot be set up. Never shows the key.
#[derive(Debug, thiserror::Error)]
pub enum InvalidOpenAiSettings {
    /// The base URL is not one.
    #[error(
        "OPENAI_BASE_URL must be an http:// or https:// address such as https://api.openai.com/v1, without user name, \
         password or #fragment"
    )]
    BaseUrl,
    /// The key cannot be sent.
    #[error(
        "OPENAI_API_KEY must be visible ASCII characters: look for a line break, a space or a quotation mark in it"
    )]
    ApiKey,
    /// The HTTP client cannot be built.
    #[error("no HTTPS client ({}): install the system's CA certificates (package ca-certificates)", fault::causes(.0))]
    Client(#[source] reqwest::Error),
}

impl OpenAiSettings {
    pub(super) fn endpoint(&self) -> Result<Url, InvalidOpenAiSettings> {
        let mut url = Url::parse(&self.base_url).map_err(|_| InvalidOpenAiSettings::BaseUrl)?;
        let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        if !plain || !matches!(url.scheme(), "http" | "https") {
            return Err(InvalidOpenAiSettings::BaseUrl);
        }
        url.path_segments_mut()
            .map_err(|()| InvalidOpenAiSettings::BaseUrl)?
            .pop_if_empty()
            .extend(["chat", "completions"]);
        Ok(url)
    }

    pub(super) fn authorization(&self) -> Result<Option<HeaderValue>, InvalidOpenAiSettings> {
        let Some(key) = &self.api_key else { return Ok(None) };
        let key = key.expose_secret();
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidOpenAiSettings::ApiKey);
        }
        let mut value = HeaderValue::try_from(format!("Bearer {key}")).map_err(|_| InvalidOpenAiSettings::ApiKey)?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(base_url: &str) -> Result<String, InvalidOpenAiSettings> {
        let settings = OpenAiSettings { base_url: base_url.to_owned(), ..OpenAiSettings::default() };
        settings.endpoint().map(String::from)
    }

    #[test]
    fn the_endpoint_is_the_same_with_and_without_a_slash() {
        for base_url in ["http://localhost:11434/v1", "http://localhost:11434/v1/"] {
            assert_eq!(endpoint(base_url).unwrap(), "http://localhost:11434/v1/chat/completions");
        }
        assert_eq!(endpoint("https://h").unwrap(), "https://h/chat/completions");
    }

    #[test]
    fn a_query_of_the_base_url_stays_behind_the_path() {
        assert_eq!(
            endpoint("https://h/openai/v1?api-version=1").unwrap(),
            "https://h/openai/v1/chat/completions?api-version=1"
        );
    }

    #[test]
    fn an_address_that_is_not_one_or_carries_credentials_is_refused() {
        for base_url in
            ["", "api.openai.com/v1", "ftp://h/v1", "mailto:a@b", "https://u:p@h/v1", "https://u@h", "http://h/#v1"]
        {
            assert!(matches!(endpoint(base_url), Err(InvalidOpenAiSettings::BaseUrl)), "{base_url}");
        }
    }

    #[test]
    fn a_key_that_no_header_can_carry_is_refused_without_showing_it() {
        for key in ["", "sk-1\n", "sk 1", "schlüssel"] {
            let settings = OpenAiSettings { api_key: Some(key.into()), ..OpenAiSettings::default() };
            let error = settings.authorization().unwrap_err();
            assert!(key.is_empty() || !format!("{error}{error:?}").contains(key));
        }
    }
}
