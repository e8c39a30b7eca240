//! The configuration as a whole, and how the tests of its parts load one.

use std::fs;
use std::time::Duration;

use super::*;

/// What a test gives: pairs of the environment, and the files of the working directory.
#[derive(Clone, Copy, Default)]
pub(super) struct Given<'a> {
    pub(super) env: &'a [(&'a str, &'a str)],
    pub(super) dot_env: &'a str,
    pub(super) file: &'a str,
}

impl Given<'_> {
    pub(super) fn load(self) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(".env"), self.dot_env).unwrap();
        fs::write(dir.path().join("open-chat.toml"), self.file).unwrap();
        Config::load(self.env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())), dir.path())
    }
}

/// What the environment alone makes.
pub(super) fn load(env: &[(&str, &str)]) -> Config {
    Given { env, ..Given::default() }.load().unwrap()
}

/// What is wrong with an environment.
pub(super) fn problems(env: &[(&str, &str)]) -> Vec<String> {
    Given { env, ..Given::default() }.load().unwrap_err().problems
}

/// A production environment that starts, with more on top: a later pair overrides an earlier one.
pub(super) fn production<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let enough = [
        ("NODE_ENV", "production"),
        ("OPENAI_API_KEY", "sk-production"),
        ("WIDGET_API_KEY", "widget-key-of-24-letters"),
        ("DASHBOARD_PASSWORD", "twelve-chars"),
        ("CORS_ORIGIN", "https://www.example.com"),
        ("PUBLIC_URL", "https://chat.example.com"),
    ];
    [&enough[..], more].concat()
}

const UPSTREAM_EXAMPLE: &str = include_str!("../../test-data/upstream.env");

#[test]
fn the_upstream_example_loads_unchanged() {
    let config = Given { dot_env: UPSTREAM_EXAMPLE, ..Given::default() }.load().unwrap();
    assert_eq!(config.ignored, ["CONVEX_URL", "NEXT_PUBLIC_BACKEND_URL", "NEXT_PUBLIC_WIDGET_SCRIPT_URL"]);
    assert_eq!(
        config.warnings,
        ["OPENAI_API_KEY is still the example's placeholder, so the assistant will be unavailable."]
    );
    assert_eq!(config.assistant.kind, AssistantKind::OpenAi);
    assert_eq!(config.keys.newest_widget(), "change-me-widget-key");
    assert_eq!(config.server.widget_bundle.as_deref(), Some(Path::new("../widget/dist/chat-widget.js")));
    assert!(config.origins.origins(4000).allows("http://localhost:3000"));
}

#[test]
fn without_anything_given_every_default_is_the_documented_one() {
    let printed = load(&[]).print();
    let documented = "\
NODE_ENV=development   # default
HOST=127.0.0.1   # default
PORT=4000   # default
OPENAI_API_KEY=(not set)   # default
OPENAI_BASE_URL=https://api.openai.com/v1   # default
OPENAI_MODEL=gpt-4.1-mini   # default
SYSTEM_PROMPT=\"You are the support assistant on this website. Be friendly and concise, answer in the visitor's language, \
and say so when you do not know.\"   # default
ASSISTANT=demo   # default
WIDGET_API_KEY=(set)   # default
ADMIN_API_KEY=(set)   # default
DASHBOARD_PASSWORD=(set)   # default
CORS_ORIGIN=*   # default
PUBLIC_URL=http://localhost:4000   # default
MAX_HISTORY_MESSAGES=30   # default
RATE_LIMIT_WINDOW_MS=60000   # default
RATE_LIMIT_MAX_REQUESTS=30   # default
TRUSTED_PROXIES=   # default
MAX_CONCURRENT_REPLIES=1000   # default
SESSION_SECRET=(not set)   # default
EVENT_LOG=embedded:./data   # default
NATS_USER=   # default
NATS_PASSWORD=(not set)   # default
NATS_CREDENTIALS_FILE=   # default
NATS_NKEY_FILE=   # default
NATS_CA_FILE=   # default
NATS_CERT_FILE=   # default
NATS_KEY_FILE=   # default
READ_MODELS=./data/read-models   # default
RETENTION_DAYS=   # default
WIDGET_BUNDLE_PATH=   # default
ASSISTANT_CONNECT_TIMEOUT_MS=10000   # default
ASSISTANT_FIRST_TOKEN_TIMEOUT_MS=60000   # default
ASSISTANT_TOKEN_TIMEOUT_MS=30000   # default
ASSISTANT_ANSWER_TIMEOUT_MS=300000   # default
ASSISTANT_MAX_ANSWER_BYTES=262144   # default
SHUTDOWN_TIMEOUT_MS=25000   # default
METRICS_ADDRESS=   # default
OTEL_EXPORTER_OTLP_ENDPOINT=   # default
OTEL_EXPORTER_OTLP_HEADERS=(not set)   # default
OTEL_SERVICE_NAME=open-chat   # default
OTEL_TRACES_SAMPLER_ARG=1   # default
";
    assert_eq!(printed, documented);
    assert_eq!(
        load(&[("NODE_ENV", "test")]).print(),
        documented.replacen("development   # default", "test   # environment", 1)
    );
}

#[test]
fn production_has_stricter_defaults() {
    let config = load(&production(&[]));
    assert_eq!(config.warnings, [] as [&str; 0]);
    assert_eq!(config.server.host.to_string(), "0.0.0.0");
    assert_eq!(config.assistant.kind, AssistantKind::OpenAi);
    assert!(config.keys.admin.is_empty());
    assert!(!config.origins.origins(4000).allows("https://elsewhere.example"));
}

#[test]
fn the_environment_goes_over_dot_env_and_that_over_the_file() {
    let given = Given {
        env: &[("PORT", "1"), ("UNKNOWN", "ignored")],
        dot_env: "PORT=2\nOPENAI_MODEL=from-dot-env\nUNKNOWN=ignored",
        file: "port = 3\nmax_concurrent_replies = 3\n[openai]\nmodel = 'from-file'\n\
            [session]\nsecret = ['0123456789abcdef0123456789abcdef']",
    };
    let config = given.load().unwrap();
    assert_eq!(config.server.port, 1);
    assert_eq!(config.assistant.model, "from-dot-env");
    assert_eq!(config.limits.max_concurrent_replies, 3);
    assert_eq!(config.keys.session_secrets.len(), 1);
    let printed = config.print();
    for line in
        ["PORT=1   # environment", "OPENAI_MODEL=from-dot-env   # .env", "MAX_CONCURRENT_REPLIES=3   # open-chat.toml"]
    {
        assert!(printed.lines().any(|printed| printed == line), "{line} in\n{printed}");
    }
}

#[test]
fn an_empty_value_counts_as_not_given_in_every_source() {
    let given = Given { env: &[("PORT", ""), ("OPENAI_MODEL", " ")], dot_env: "PORT=2\nHOST=", file: "host = ''" };
    let config = given.load().unwrap();
    assert_eq!(config.server.port, 2);
    assert_eq!(config.assistant.model, "gpt-4.1-mini");
    assert_eq!(config.server.host.to_string(), "127.0.0.1");
}

#[test]
fn the_files_may_be_missing_but_not_unreadable() {
    let dir = tempfile::tempdir().unwrap();
    assert!(Config::load([].into_iter(), dir.path()).is_ok());
    fs::create_dir(dir.path().join(".env")).unwrap();
    fs::write(dir.path().join("open-chat.toml"), b"port = 1 # \xff").unwrap();
    let problems = Config::load([].into_iter(), dir.path()).unwrap_err().problems;
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].starts_with(".env: cannot be read: "), "{problems:?}");
    assert!(problems[1].starts_with("open-chat.toml: cannot be read: "), "{problems:?}");
}

#[test]
fn every_problem_is_reported_on_a_line_of_its_own() {
    let given = Given {
        env: &[("NODE_ENV", "production"), ("PORT", "http"), ("WIDGET_API_KEY", "")],
        dot_env: "OPENAI_API_KEY",
        file: "colour = 'red'",
    };
    let error = given.load().unwrap_err().to_string();
    assert_eq!(
        error.lines().collect::<Vec<_>>(),
        [
            ".env line 1: expected NAME=value or a comment after #",
            "open-chat.toml line 1: unknown key colour; keys are variable names in lower case",
            "PORT: \"http\" is not a whole number from 0 to 65535 (from environment)",
            "OPENAI_API_KEY: is not set; production needs it, unless ASSISTANT=demo is set on purpose",
            "WIDGET_API_KEY: is empty; production needs a key of at least 24 characters, for example from `openssl rand -hex 24`",
        ]
    );
}

#[test]
fn numbers_and_lengths_of_time_have_bounds() {
    for (name, refused, most) in [
        ("RATE_LIMIT_WINDOW_MS", "0", 86_400_000),
        ("RATE_LIMIT_MAX_REQUESTS", "0", 1_000_000),
        ("MAX_HISTORY_MESSAGES", "-1", 1_000),
        ("MAX_CONCURRENT_REPLIES", "100001", 100_000),
        ("ASSISTANT_CONNECT_TIMEOUT_MS", "10s", 3_600_000),
        ("ASSISTANT_FIRST_TOKEN_TIMEOUT_MS", "1.5", 3_600_000),
        ("ASSISTANT_TOKEN_TIMEOUT_MS", "0", 3_600_000),
        ("ASSISTANT_ANSWER_TIMEOUT_MS", "3600001", 3_600_000),
        ("ASSISTANT_MAX_ANSWER_BYTES", "0", 16_777_216),
        ("SHUTDOWN_TIMEOUT_MS", "99999999999999999999", 3_600_000),
    ] {
        let expected = format!("{name}: {refused:?} is not a whole number from 1 to {most} (from environment)");
        assert_eq!(problems(&[(name, refused)]), [expected]);
    }
    assert_eq!(load(&[("SHUTDOWN_TIMEOUT_MS", "1")]).server.shutdown_timeout, Duration::from_millis(1));
}

#[test]
fn a_long_refused_value_is_cut_and_stays_on_one_line() {
    let value = format!("a\n{}", "x".repeat(100));
    let expected =
        format!("PORT: \"a\\n{}…\" is not a whole number from 0 to 65535 (from environment)", "x".repeat(58));
    assert_eq!(problems(&[("PORT", &value)]), [expected]);
}

#[test]
fn no_text_ever_shows_a_secret() {
    let secrets: Vec<&str> =
        VARIABLES.iter().filter(|variable| variable.secret).map(|variable| variable.name).collect();
    assert_eq!(secrets.len(), 7);
    for name in secrets {
        for mode in ["development", "production"] {
            // Good ones, ones that production refuses, and one that no rule of any variable likes.
            for value in
                ["s3cret-0123456789-0123456789-0123456789", "s3cret", "change-me-s3cret", "s3cret-\n\u{1}-🔑, s3cret"]
            {
                for source in 0..3 {
                    let in_dot_env = format!("{name}='{value}'\n{value}");
                    let in_file = format!("{} = {value:?}", name.to_lowercase());
                    let env = production(&[("NODE_ENV", mode), (name, if source == 0 { value } else { "" })]);
                    let given = Given {
                        env: &env,
                        dot_env: if source == 1 { &in_dot_env } else { "" },
                        file: if source == 2 { &in_file } else { "" },
                    };
                    let said = match given.load() {
                        Ok(config) => format!("{config:?}{config:#?}{}{:?}", config.print(), config.warnings),
                        Err(error) => format!("{error}{error:?}{error:#?}"),
                    };
                    assert!(!said.contains("s3cret"), "{name} in {mode}: {said}");
                    assert!(!said.is_empty());
                }
            }
        }
    }
}

#[test]
fn what_is_printed_can_be_read_back() {
    let prompt = "Say \"hi\" # politely,\nit's \\n nice";
    let config = load(&[("SYSTEM_PROMPT", prompt), ("TRUSTED_PROXIES", "10.0.0.0/8, ::1")]);
    let again =
        Given { dot_env: &config.print().replace("=(set)", "=").replace("=(not set)", "="), ..Given::default() };
    let again = again.load().unwrap();
    assert_eq!(again.assistant.system_prompt, prompt);
    assert_eq!(again.limits.trusted_proxies, config.limits.trusted_proxies);
}
