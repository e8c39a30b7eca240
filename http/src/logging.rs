//! Structured logs on standard error: pretty on a terminal, JSON otherwise. `RUST_LOG` filters them.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

/// Levels without `RUST_LOG`. What `async_nats` meets comes back to the event log, which tells it once and in words for operators.
const DEFAULT_FILTER: &str = "info,actix_server=warn,async_nats=off";

/// Installs the logger for the whole process.
pub(crate) fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    // A log nobody reads any more must not end the process: the logger's own report of that would panic.
    let logger = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).log_internal_errors(false);
    if io::stderr().is_terminal() {
        logger.with_target(false).init();
    } else {
        logger.json().flatten_event(true).with_current_span(true).with_span_list(false).init();
    }
}
