//! The upstream: an OpenAI-compatible server whose answers are scripted by the question. Its bytes are made once, so that it
//! is never what is measured.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::http::header;
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Result;
use bytes::Bytes;
use futures_util::stream;
use tokio::time::{Instant, sleep, sleep_until};

use crate::clock::now_us;
use crate::script::Script;

const END: &str = "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1755600000,\"model\":\"scripted\",\
    \"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

/// Answers by their number of tokens.
type Answers = Arc<Mutex<HashMap<u32, Bytes>>>;

/// Serves until it is killed; prints its address.
pub(crate) async fn serve() -> Result<()> {
    let answers = Answers::default();
    let server = HttpServer::new(move || {
        let answers = answers.clone();
        App::new().route("/v1/chat/completions", web::post().to(move |body| answer(body, answers.clone())))
    });
    let server = server.workers(1).backlog(65_535).max_connections(100_000).tcp_nodelay(true).bind(("127.0.0.1", 0))?;
    crate::process::announce(server.addrs().first());
    Ok(server.run().await?)
}

async fn answer(body: Bytes, answers: Answers) -> HttpResponse {
    let Some(script) = Script::find(&body) else { return HttpResponse::BadRequest().finish() };
    if !script.delay.is_zero() {
        sleep(script.delay).await;
    }
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_TYPE, "text/event-stream"));
    if script.gap > Duration::ZERO {
        return response.streaming(paced(script));
    }
    let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
    let whole = answers.entry(script.tokens).or_insert_with(|| at_once(script.tokens)).clone();
    drop(answers);
    response.streaming(stream::iter([Ok::<_, actix_web::Error>(whole)]))
}

fn at_once(tokens: u32) -> Bytes {
    let words = (0..tokens).map(|number| token(&format!("word{number} ")));
    words.chain([END.to_owned()]).collect::<String>().into()
}

/// Each token at its own time, whatever became of the one before; it says when it was sent.
fn paced(script: Script) -> impl stream::Stream<Item = Result<Bytes, actix_web::Error>> {
    let begin = Instant::now();
    stream::unfold(0, move |number| async move {
        if number > script.tokens {
            return None;
        }
        if number == script.tokens {
            return Some((Ok(Bytes::from_static(END.as_bytes())), number + 1));
        }
        sleep_until(begin + script.gap * number).await;
        Some((Ok(token(&format!("t{} ", now_us())).into()), number + 1))
    })
}

fn token(text: &str) -> String {
    format!(
        "data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1755600000,\"model\":\"scripted\",\
         \"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":null}}]}}\n\n"
    )
}
