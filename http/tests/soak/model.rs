//! A model that never tires: every answer has words of its own and comes token by token.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use bytes::Bytes;
use serde_json::{Value, json};

/// One answer in so many is long: it outlasts the time in which a silent replica is taken for dead.
const LONG: usize = 25;
const LONG_TOKENS: usize = 24;
const LONG_PACE: Duration = Duration::from_millis(300);

/// How a model answers.
#[derive(Clone, Copy)]
pub struct Manner {
    tokens: usize,
    pace: Duration,
    /// One answer in so many ends without a finish reason: a failed turn.
    breaks_off: Option<usize>,
}

impl Manner {
    /// Many short answers, some of which break off.
    pub const HASTY: Self = Self { tokens: 8, pace: Duration::from_millis(15), breaks_off: Some(40) };
    /// Every answer takes seconds and comes to its end.
    pub const STEADY: Self = Self { tokens: 24, pace: Duration::from_millis(100), breaks_off: None };
}

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
    pub fn start(manner: Manner) -> Self {
        let counts = Arc::new(Counts::default());
        let (sender, receiver) = mpsc::channel();
        let serving = Arc::clone(&counts);
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    let counts = web::Data::from(Arc::clone(&serving));
                    App::new().app_data(counts).app_data(web::Data::new(manner)).default_service(web::post().to(answer))
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

async fn answer(counts: web::Data<Counts>, manner: web::Data<Manner>) -> HttpResponse {
    let number = counts.asked.fetch_add(1, Ordering::SeqCst) + 1;
    let Manner { tokens, pace, breaks_off } = **manner;
    let breaks_off = breaks_off.is_some_and(|every| number.is_multiple_of(every));
    let (tokens, pace) = if number.is_multiple_of(LONG) { (LONG_TOKENS, LONG_PACE) } else { (tokens, pace) };
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
