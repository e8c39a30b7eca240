//! Bytes into server-sent events. The parsing is the crate `eventsource-stream`'s; what it lacks is added around it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_stream::try_stream;
use eventsource_stream::{Event, EventStreamError, Eventsource};
use futures_util::stream::{Stream, StreamExt};

use super::fault::Fault;

/// Most bytes one event may take, give or take a [`PART_BYTES`].
pub(super) const MAX_EVENT_BYTES: usize = 1024 * 1024;
/// Most bytes given to the parser at once: it moves all that is left of them after every line.
const PART_BYTES: usize = 16 * 1024;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The events of a body, including a last one that no empty line follows: a server that closes right after it means it.
pub(super) fn read<B: AsRef<[u8]>>(
    bytes: impl Stream<Item = Result<B, Fault>>,
) -> impl Stream<Item = Result<Event, Fault>> {
    let unparsed = Arc::new(AtomicUsize::new(0));
    bounded(bytes, Arc::clone(&unparsed)).eventsource().map(move |event| {
        unparsed.store(0, Ordering::Relaxed);
        event.map_err(|error| match error {
            EventStreamError::Transport(fault) => fault,
            EventStreamError::Utf8(_) | EventStreamError::Parser(_) => Fault::Malformed,
        })
    })
}

/// The bytes without a leading byte order mark, which would make the parser (0.2.3) panic, and with an end to the last event. Fails
/// once too many came without the parser finding an event in them: it buffers without a limit, and for ever after a byte
/// that is not UTF-8.
fn bounded<B: AsRef<[u8]>>(
    bytes: impl Stream<Item = Result<B, Fault>>,
    unparsed: Arc<AtomicUsize>,
) -> impl Stream<Item = Result<Vec<u8>, Fault>> {
    try_stream! {
        let mut start = Some(Vec::new());
        for await chunk in bytes {
            let chunk = chunk?;
            for part in chunk.as_ref().chunks(PART_BYTES) {
                if unparsed.fetch_add(part.len(), Ordering::Relaxed) + part.len() > MAX_EVENT_BYTES {
                    Err(Fault::Oversized)?;
                }
                if let Some(text) = without_mark(&mut start, part) {
                    yield text;
                }
            }
        }
        let mut end = start.unwrap_or_default();
        end.extend_from_slice(b"\n\n");
        yield end;
    }
}

/// `part` as it is, once the stream's first bytes are known not to be, or no longer to hold, a byte order mark.
fn without_mark(start: &mut Option<Vec<u8>>, part: &[u8]) -> Option<Vec<u8>> {
    let Some(mut first) = start.take() else { return Some(part.to_vec()) };
    first.extend_from_slice(part);
    if first.len() < BYTE_ORDER_MARK.len() {
        *start = Some(first);
        return None;
    }
    Some(first.strip_prefix(BYTE_ORDER_MARK).map(<[u8]>::to_vec).unwrap_or(first))
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    async fn data(chunks: impl IntoIterator<Item = &[u8]>) -> Result<Vec<String>, Fault> {
        let events = read(stream::iter(chunks.into_iter().map(Ok)));
        let events: Vec<_> = events.collect().await;
        events.into_iter().map(|event| event.map(|event| event.data)).collect()
    }

    #[tokio::test]
    async fn every_line_ending_separates() {
        for body in ["data: 1\n\ndata: 2\n\n", "data: 1\r\n\r\ndata: 2\r\n\r\n", "data: 1\r\rdata: 2\r\r"] {
            assert_eq!(data([body.as_bytes()]).await.unwrap(), ["1", "2"], "{body:?}");
            assert_eq!(data(body.as_bytes().chunks(1)).await.unwrap(), ["1", "2"], "{body:?}");
        }
    }

    #[tokio::test]
    async fn a_byte_order_mark_is_skipped_wherever_it_is_split() {
        let body = "\u{feff}data: 1\n\n".as_bytes();
        for at in 0..body.len() {
            let (head, tail) = body.split_at(at);
            assert_eq!(data([head, tail]).await.unwrap(), ["1"], "split at {at}");
        }
        assert_eq!(data([BYTE_ORDER_MARK]).await.unwrap(), [""; 0]);
    }

    #[tokio::test]
    async fn the_last_event_needs_no_empty_line() {
        for body in ["data: 1\n\ndata: 2\n", "data: 1\n\ndata: 2", "data: 1\r\rdata: 2\r"] {
            assert_eq!(data([body.as_bytes()]).await.unwrap(), ["1", "2"], "{body:?}");
        }
        assert_eq!(data([&b"d"[..]]).await.unwrap(), [""; 0]);
    }

    #[tokio::test]
    async fn bytes_that_are_not_utf8_are_a_fault() {
        assert!(matches!(data([&b"data: \xff\n\n"[..], b"data: 2\n\n"]).await, Err(Fault::Malformed)));
        assert!(matches!(data([&b"data: \xf0\x9f"[..]]).await, Err(Fault::Malformed)));
    }

    #[tokio::test]
    async fn an_endless_event_is_a_fault_and_many_small_ones_are_not() {
        let endless = vec![b'x'; 1024];
        assert!(matches!(data(std::iter::repeat_n(&endless[..], 2000)).await, Err(Fault::Oversized)));
        let small = format!("data: {}\n\n", "x".repeat(1000));
        assert_eq!(data(std::iter::repeat_n(small.as_bytes(), 2000)).await.unwrap().len(), 2000);
    }
}
