//! The variables there are, in the order of the documentation's table.

/// One variable.
pub(super) struct Variable {
    /// Its name in the environment; in the file, the same in lower case.
    pub(super) name: &'static str,
    /// Whether its value must never be shown.
    pub(super) secret: bool,
}

const fn open(name: &'static str) -> Variable {
    Variable { name, secret: false }
}

const fn secret(name: &'static str) -> Variable {
    Variable { name, secret: true }
}

/// Every variable that is read, but for [`MODE_ALIAS`].
pub(super) const VARIABLES: &[Variable] = &[
    open("NODE_ENV"),
    open("HOST"),
    open("PORT"),
    secret("OPENAI_API_KEY"),
    open("OPENAI_BASE_URL"),
    open("OPENAI_MODEL"),
    open("SYSTEM_PROMPT"),
    open("ASSISTANT"),
    secret("WIDGET_API_KEY"),
    secret("ADMIN_API_KEY"),
    secret("DASHBOARD_PASSWORD"),
    open("CORS_ORIGIN"),
    open("PUBLIC_URL"),
    open("MAX_HISTORY_MESSAGES"),
    open("RATE_LIMIT_WINDOW_MS"),
    open("RATE_LIMIT_MAX_REQUESTS"),
    open("TRUSTED_PROXIES"),
    open("MAX_CONCURRENT_REPLIES"),
    secret("SESSION_SECRET"),
    open("EVENT_LOG"),
    open("NATS_USER"),
    secret("NATS_PASSWORD"),
    open("NATS_CREDENTIALS_FILE"),
    open("NATS_NKEY_FILE"),
    open("NATS_CA_FILE"),
    open("NATS_CERT_FILE"),
    open("NATS_KEY_FILE"),
    open("READ_MODELS"),
    open("RETENTION_DAYS"),
    open("WIDGET_BUNDLE_PATH"),
    open("ASSISTANT_CONNECT_TIMEOUT_MS"),
    open("ASSISTANT_FIRST_TOKEN_TIMEOUT_MS"),
    open("ASSISTANT_TOKEN_TIMEOUT_MS"),
    open("ASSISTANT_ANSWER_TIMEOUT_MS"),
    open("ASSISTANT_MAX_ANSWER_BYTES"),
    open("SHUTDOWN_TIMEOUT_MS"),
    open("METRICS_ADDRESS"),
    open("OTEL_EXPORTER_OTLP_ENDPOINT"),
    secret("OTEL_EXPORTER_OTLP_HEADERS"),
    open("OTEL_SERVICE_NAME"),
    open("OTEL_TRACES_SAMPLER_ARG"),
];

/// Another name of `NODE_ENV`.
pub(super) const MODE_ALIAS: &str = "APP_ENV";

/// Whether a variable of this name is read.
pub(super) fn is_known(name: &str) -> bool {
    name == MODE_ALIAS || VARIABLES.iter().any(|variable| variable.name == name)
}

/// Whether the value of this variable must never be shown.
pub(super) fn is_secret(name: &str) -> bool {
    VARIABLES.iter().any(|variable| variable.secret && variable.name == name)
}

/// Whether this is a variable of the upstream product that has no meaning here.
pub(super) fn is_ignored(name: &str) -> bool {
    name == "CONVEX_URL" || name.starts_with("NEXT_PUBLIC_")
}

/// The variable that was probably meant.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    VARIABLES
        .iter()
        .map(|variable| (strsim::damerau_levenshtein(name, variable.name), variable.name))
        .min()
        .filter(|(distance, candidate)| *distance <= candidate.len().div_ceil(4))
        .map(|(_, candidate)| candidate)
}
