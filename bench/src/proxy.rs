//! The null proxy: the least a server on actix-web and reqwest can do between a model and a visitor. No actor, no log, no limits;
//! server-sent events in, the lines of our own stream out. What it costs is the floor of what ours may cost.

use actix_web::http::header;
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Result;
use bytes::Bytes;
use chat_schema::{ChatRequest, ConversationId, StreamLine};
use futures_util::stream::{self, StreamExt};
use serde::Deserialize;
use serde_json::json;

const NOBODY: ConversationId = ConversationId::OPERATORS;

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Delta,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
}

/// Serves until it is killed; prints its address.
pub(crate) async fn serve(model: String) -> Result<()> {
    // Fails only if there is one already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().tcp_nodelay(true).tls_certs_only([]).no_proxy().build()?;
    let server = HttpServer::new(move || {
        let (client, model) = (client.clone(), model.clone());
        App::new()
            .route("/health", web::get().to(async || HttpResponse::Ok().body("{\"status\":\"ok\"}")))
            .route("/chat", web::post().to(move |body| answer(body, client.clone(), model.clone())))
    });
    let server = server.tcp_nodelay(true).bind(("127.0.0.1", 0))?;
    crate::process::announce(server.addrs().first());
    Ok(server.run().await?)
}

async fn answer(
    request: web::Json<ChatRequest>,
    client: reqwest::Client,
    model: String,
) -> Result<HttpResponse, actix_web::Error> {
    let messages = json!([{"role": "user", "content": request.message.as_str()}]);
    let question = json!({"model": "scripted", "stream": true, "messages": messages});
    let asked = client.post(format!("{model}/v1/chat/completions")).json(&question).send().await;
    let body = asked.map_err(actix_web::error::ErrorBadGateway)?.bytes_stream();
    let lines = stream::unfold((body, Translation::default()), async |(mut body, mut translation)| {
        if translation.done {
            return None;
        }
        let Some(Ok(bytes)) = body.next().await else {
            return Some((Err(actix_web::error::ErrorBadGateway("cut")), (body, Translation::ended())));
        };
        let chunk = translation.take(&bytes);
        if translation.done {
            // To its end, so that the connection can be used again.
            while body.next().await.is_some() {}
        }
        Some((Ok(chunk), (body, translation)))
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/x-ndjson; charset=utf-8"))
        .streaming(lines.boxed_local()))
}

/// From events to lines.
#[derive(Default)]
struct Translation {
    begun: Vec<u8>,
    answer: String,
    started: bool,
    done: bool,
}

impl Translation {
    fn ended() -> Self {
        Self { done: true, ..Self::default() }
    }

    fn take(&mut self, bytes: &[u8]) -> Bytes {
        self.begun.extend_from_slice(bytes);
        let begun = std::mem::take(&mut self.begun);
        let end = begun.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let mut chunk = Vec::with_capacity(bytes.len());
        if !self.started {
            self.started = true;
            write(&mut chunk, &StreamLine::Start { conversation_id: NOBODY });
        }
        for line in begun[..end].split(|byte| *byte == b'\n') {
            match line.strip_prefix(b"data: ") {
                None => {}
                Some(b"[DONE]") => {
                    self.done = true;
                    let (message, conversation_id) = (self.answer.as_str().into(), NOBODY);
                    write(&mut chunk, &StreamLine::Done { message, conversation_id, stopped: false });
                }
                Some(data) => self.token(data, &mut chunk),
            }
        }
        self.begun = begun[end..].to_vec();
        chunk.into()
    }

    fn token(&mut self, data: &[u8], chunk: &mut Vec<u8>) {
        let Ok(completion) = serde_json::from_slice::<Completion>(data) else { return };
        for token in completion.choices.into_iter().filter_map(|choice| choice.delta.content) {
            self.answer.push_str(&token);
            write(chunk, &StreamLine::Token { token: token.into() });
        }
    }
}

fn write(chunk: &mut Vec<u8>, line: &StreamLine<'_>) {
    if serde_json::to_writer(&mut *chunk, line).is_ok() {
        chunk.push(b'\n');
    }
}
