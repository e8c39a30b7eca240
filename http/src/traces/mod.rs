//! Traces over OTLP, where a collector is named: one from the request over its turn, the model and the appends to the read models.
//!
//! Architecture invariant: nothing that was said, no session id and no key gets into a span, and no log line does either. Without a collector
//! nothing of this exists, and spans that only traces have are off at their source.

mod appends;
mod model;
mod request;
mod told;

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use crate::config::Collector;
use crate::startup::use_ring;

pub(crate) use self::appends::TracedLog;
pub(crate) use self::model::TracedAssistant;
pub(crate) use self::request::{begin, end};

/// How long the last spans may take to reach the collector when the process stops.
const LAST_SPANS: Duration = Duration::from_secs(5);

/// The way of spans to the collector.
pub(crate) struct Traces(SdkTracerProvider);

impl Traces {
    /// Starts the thread that exports; the collector need not be there yet.
    pub(crate) fn start(collector: &Collector) -> anyhow::Result<Self> {
        use_ring();
        let headers: HashMap<_, _> = collector.headers().collect();
        let exporter = SpanExporter::builder().with_http().with_endpoint(collector.traces_url()).with_headers(headers);
        let exporter = exporter.build().context("OTEL_EXPORTER_OTLP_ENDPOINT: no client for it")?;
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder().with_service_name(collector.service_name.clone()).with_attribute(version);
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(told::Told::new(exporter))
            .with_sampler(Sampler::parent_based(Sampler::TraceIdRatioBased(collector.sampled)))
            .with_resource(resource.build());
        Ok(Self(provider.build()))
    }

    /// What hands this program's spans over, whatever `RUST_LOG` lets into the log.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let layer = tracing_opentelemetry::layer().with_tracer(self.0.tracer("open-chat"));
        let layer = layer.with_location(false).with_threads(false).with_target(false).with_tracked_inactivity(false);
        layer.with_context_activation(false).with_filter(filter_fn(is_own_span))
    }

    /// Exports what is left.
    pub(crate) async fn stop(self) {
        let stopped = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(LAST_SPANS)).await;
        if !matches!(stopped, Ok(Ok(()))) {
            tracing::warn!("the last spans did not reach the collector");
        }
    }
}

/// Libraries have spans too, of which nobody here knows what is in them.
fn is_own_span(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && ["open_chat", "chat_"].iter().any(|own| metadata.target().starts_with(own))
}
