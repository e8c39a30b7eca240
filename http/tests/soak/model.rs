//! A model that never tires: every answer has words of its own, comes token by token, and some break off.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use bytes::Bytes;
use serde_json::{Value, json};

const TOKENS: usize = 8;
const PACE: Duration = Duration::from_millis(15);
/// One answer in so many is long: it outlasts the time in which a silent replica is taken for dead.
const LONG: usize = 25;
const LONG_TOKENS: usize = 24;
const LONG_PACE: Duration = Duration::from_millis(300);
/// One answer in so many ends without a finish reason: a failed turn.
const BREAKS_OFF: usize = 40;

pub struct Model {
    port: u16,
    counts: Arc<Counts>,
    handle: ServerHandle,
}

#[derive(Default)]
struct Counts {
    asked: AtomicUsize,
    finished: AtomicUsize,
}

impl Model {
    pub fn start() -> Self {
        let counts = Arc::new(Counts::default());
        let (sender, receiver) = mpsc::channel();
        let serving = Arc::clone(&counts);
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    App::new().app_data(web::Data::from(Arc::clone(&serving))).default_service(web::post().to(answer))
                };
                let server = HttpServer::new(app).workers(1).disable_signals().shutdown_timeout(0);
                let server = server.bind(("127.0.0.1", 0)).unwrap();
                let port = server.addrs()[0].port();
                let server = server.run();
                sender.send((port, server.handle())).unwrap();
                server.await.unwrap();
            });
        });
        let (port, handle) = receiver.recv().unwrap();
        Self { port, counts, handle }
    }

    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    /// Answers that were asked for, and those that were taken to their end.
    pub fn counts(&self) -> (usize, usize) {
        (self.counts.asked.load(Ordering::SeqCst), self.counts.finished.load(Ordering::SeqCst))
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // The order is given by the call; the future only waits for it.
        drop(self.handle.stop(false));
    }
}

async fn answer(counts: web::Data<Counts>) -> HttpResponse {
    let number = counts.asked.fetch_add(1, Ordering::SeqCst) + 1;
    let breaks_off = number.is_multiple_of(BREAKS_OFF);
    let (tokens, pace) = if number.is_multiple_of(LONG) { (LONG_TOKENS, LONG_PACE) } else { (TOKENS, PACE) };
    let body = async_stream::stream! {
        for token in 0..tokens {
            let text = if token == 0 { format!("Answer {number}:") } else { format!(" word{token}") };
            yield Ok::<_, actix_web::Error>(chunk(&json!({"index": 0, "delta": {"content": text}, "finish_reason": null})));
            tokio::time::sleep(pace).await;
            if breaks_off && token == tokens / 2 {
                return;
            }
        }
        yield Ok(chunk(&json!({"index": 0, "delta": {}, "finish_reason": "stop"})));
        counts.finished.fetch_add(1, Ordering::SeqCst);
        yield Ok(Bytes::from_static(b"data: [DONE]\n\n"));
    };
    HttpResponse::Ok().content_type("text/event-stream").streaming(body)
}

fn chunk(choice: &Value) -> Bytes {
    Bytes::from(format!(
        "data: {}\n\n",
        json!({"object": "chat.completion.chunk", "model": "soak", "choices": [choice]})
    ))
}
