//! A collector of traces: takes what is exported over OTLP, in protobuf.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use super::process::{Options, PATIENCE};

type Exports = Arc<Mutex<Vec<ExportTraceServiceRequest>>>;

pub struct Collector {
    port: u16,
    exports: Exports,
    handle: ServerHandle,
}

impl Collector {
    pub fn start() -> Self {
        let exports = Exports::default();
        let (sender, receiver) = mpsc::channel();
        let kept = Arc::clone(&exports);
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let routes = move || {
                    let traces = web::resource("/v1/traces").route(web::post().to(take));
                    App::new().app_data(web::Data::from(Arc::clone(&kept))).service(traces)
                };
                let server = HttpServer::new(routes).workers(1).disable_signals().shutdown_timeout(0);
                let server = server.bind(("127.0.0.1", 0)).unwrap();
                let port = server.addrs()[0].port();
                let server = server.run();
                sender.send((port, server.handle())).unwrap();
                server.await.unwrap();
            });
        });
        let (port, handle) = receiver.recv().unwrap();
        Self { port, exports, handle }
    }

    /// Options of a server that exports to it, soon after a span has ended.
    pub fn traced(&self, options: Options) -> Options {
        let endpoint = format!("http://127.0.0.1:{}", self.port);
        options.var("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint).var("OTEL_BSP_SCHEDULE_DELAY", 20)
    }

    pub fn spans(&self) -> Vec<Span> {
        let exports = self.exports.lock().unwrap();
        let resources = exports.iter().flat_map(|export| &export.resource_spans);
        resources.flat_map(|resource| &resource.scope_spans).flat_map(|scope| scope.spans.clone()).collect()
    }

    /// Waits until so many spans of each of these names have come; of the trace `id`, if one is given.
    pub async fn until(&self, id: Option<&[u8]>, names: &[(&str, usize)]) -> Vec<Span> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut spans = self.spans();
            spans.retain(|span| id.is_none_or(|id| span.trace_id == id));
            let mut counts = BTreeMap::new();
            spans.iter().for_each(|span| *counts.entry(span.name.as_str()).or_insert(0) += 1);
            if names.iter().all(|(name, count)| counts.get(name).is_some_and(|came| came >= count)) {
                return spans;
            }
            assert!(Instant::now() < deadline, "{names:?} do not come: {counts:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Everything that came, as text.
    pub fn text(&self) -> String {
        format!("{:?}", self.exports.lock().unwrap())
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

async fn take(exports: web::Data<Mutex<Vec<ExportTraceServiceRequest>>>, body: web::Bytes) -> HttpResponse {
    exports.lock().unwrap().push(ExportTraceServiceRequest::decode(body).unwrap());
    HttpResponse::Ok().content_type("application/x-protobuf").finish()
}
