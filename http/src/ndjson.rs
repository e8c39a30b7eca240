//! The NDJSON body of a streamed answer. It is pulled by the socket: a slow reader holds a place in the turn's buffer and nothing else, and a reader that is
//! gone drops the body and with it everything it held.

use std::time::Duration;

use bytes::Bytes;
use chat_actors::{Alarm, Attachment, Progress, Stage};
use chat_schema::{ConversationId, StreamLine};
use futures_util::stream::{self, Stream};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::drain::OpenStream;
use crate::error::{ApiError, of_stage};

/// Silence after which an empty line keeps proxies from closing the stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Size from which a chunk takes no further line, so that a reader far behind does not get a copy of the whole answer at once.
const CHUNK: usize = 16 * 1024;

/// Bytes of the line of a usual token, generously.
const LINE: usize = 48;

/// The lines of one turn, each chunk holding what is ready.
pub(crate) fn body(attachment: Attachment, guard: OpenStream) -> impl Stream<Item = Result<Bytes, ApiError>> {
    let Attachment { conversation_id, progress, .. } = attachment;
    let keep_alive = Alarm::new(Instant::now() + KEEP_ALIVE);
    let lines = Lines { conversation_id, started: false, tokens: 0, ended: false, keep_alive };
    stream::unfold((lines, progress, guard), |(mut lines, mut progress, guard)| async move {
        let chunk = lines.next_chunk(&mut progress).await?;
        Some((Ok(chunk), (lines, progress, guard)))
    })
}

/// What has been written of a turn.
struct Lines {
    conversation_id: ConversationId,
    started: bool,
    tokens: usize,
    ended: bool,
    keep_alive: Alarm,
}

impl Lines {
    async fn next_chunk(&mut self, progress: &mut watch::Receiver<Progress>) -> Option<Bytes> {
        let deadline = Instant::now() + KEEP_ALIVE;
        while !self.ended {
            let chunk = self.write_new(&progress.borrow_and_update());
            if !chunk.is_empty() {
                return Some(chunk.into());
            }
            match self.keep_alive.limit(deadline, progress.changed()).await {
                Some(Ok(())) => {}
                Some(Err(_died)) => {
                    let mut chunk = self.write_new(&progress.borrow());
                    if chunk.is_empty() {
                        self.end(&mut chunk, &ApiError::Internal);
                    }
                    return Some(chunk.into());
                }
                None => return Some(Bytes::from_static(b"\n")),
            }
        }
        None
    }

    fn write_new(&mut self, progress: &Progress) -> Vec<u8> {
        let (stage, tokens) = (progress.stage(), progress.tokens(self.tokens));
        let mut chunk = Vec::with_capacity(((tokens.len() + 2) * LINE).min(CHUNK));
        let stored = !matches!(stage, Stage::Waiting | Stage::Refused(_));
        if stored && !self.started {
            self.started = true;
            write(&mut chunk, &StreamLine::Start { conversation_id: self.conversation_id });
        }
        for token in tokens {
            if chunk.len() >= CHUNK {
                return chunk;
            }
            write_token(&mut chunk, token);
            self.tokens += 1;
        }
        if let Stage::Done { stopped } = stage {
            self.ended = true;
            let conversation_id = self.conversation_id;
            write(&mut chunk, &StreamLine::Done { message: progress.text().into(), conversation_id, stopped });
        } else if stage.is_final()
            && let Some(error) = of_stage(stage)
        {
            self.end(&mut chunk, &error);
        }
        chunk
    }

    fn end(&mut self, chunk: &mut Vec<u8>, error: &ApiError) {
        self.ended = true;
        let text = match error {
            ApiError::AssistantUnavailable | ApiError::Overloaded => "The assistant is unavailable",
            ApiError::AnswerTookTooLong => "The answer took too long",
            _ => "Internal server error",
        };
        write(chunk, &StreamLine::Error { error: text.into(), code: error.code().into() });
    }
}

fn write(chunk: &mut Vec<u8>, line: &StreamLine<'_>) {
    serde_json::to_writer(&mut *chunk, line).expect("a line has string keys only and a Vec takes every write");
    chunk.push(b'\n');
}

/// Writes [`StreamLine::Token`]: the line that there are many of.
fn write_token(chunk: &mut Vec<u8>, token: &str) {
    chunk.extend_from_slice(br#"{"type":"token","token":"#);
    serde_json::to_writer(&mut *chunk, token).expect("a text is always JSON and a Vec takes every write");
    chunk.extend_from_slice(b"}\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_written_as_any_line() {
        for token in ["Ja", " \"quoted\" \\ \n\u{1}", "über \u{1F600} \u{2028}", ""] {
            let (mut chunk, mut line) = (Vec::new(), Vec::new());
            write_token(&mut chunk, token);
            write(&mut line, &StreamLine::Token { token: token.into() });
            assert_eq!(chunk, line, "{token:?}");
        }
    }
}
