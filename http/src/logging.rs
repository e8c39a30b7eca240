//! Structured logs on standard error: pretty on a terminal, JSON otherwise. `RUST_LOG` filters them.

use std::io::{self, IsTerminal};

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::traces::Traces;

/// Levels without `RUST_LOG`. What the clients of event logs meet comes back to the log, which tells it once and in words for operators.
const DEFAULT_FILTER: &str = "info,actix_server=warn,async_nats=off,kurrentdb=off";

/// Installs the logger for the whole process, and what exports its traces.
pub(crate) fn init(traces: Option<&Traces>) {
    match traces {
        None => {
            tracing_subscriber::registry().with(logger()).with(filter()).with(filter_fn(holds_no_message)).init();
        }
        // What keeps lines out of the log keeps no span from the collector.
        Some(traces) => {
            let filter = filter().and(filter_fn(holds_no_message));
            tracing_subscriber::registry().with(logger().with_filter(filter)).with(traces.layer()).init();
        }
    }
}

fn filter() -> EnvFilter {
    EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER))
}

/// What `async_nats` writes below info has whole events in it, whatever `RUST_LOG` asks for.
fn holds_no_message(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::INFO || !metadata.target().starts_with("async_nats")
}

fn logger() -> Box<dyn Layer<Registry> + Send + Sync> {
    // A log nobody reads any more must not end the process: the logger's own report of that would panic.
    let logger = tracing_subscriber::fmt::layer().with_writer(io::stderr).log_internal_errors(false);
    if io::stderr().is_terminal() {
        logger.with_target(false).boxed()
    } else {
        logger.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed()
    }
}
