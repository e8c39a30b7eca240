//! Bytes into server-sent events. The parsing is the crate `eventsource-stream`'s; what it lacks is added around it.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_stream::try_stream;
use eventsource_stream::{Event, EventStreamError, Eventsource};
use futures_util::stream::{Stream, StreamExt};

use super::fault::Fault;

/// Most bytes one event may take, give or take a [`PART_BYTES`].
pub(super) const MAX_EVENT_BYTES: usize = 1024 * 1024;
/// Most bytes passed on in one piece: after each line the parser moves all that follows it.
const PART_BYTES: usize = 16 * 1024;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The events of a body, including a last one that no empty line follows: a server that closes right after it means it.
pub(super) fn read<B: AsRef<[u8]>>(
    bytes: impl Stream<Item = Result<B, Fault>>,
) -> impl Stream<Item = Result<Event, Fault>> {
    let unparsed = Arc::new(AtomicUsize::new(0));
    lines(bytes, Arc::clone(&unparsed)).eventsource().map(move |event| {
        unparsed.store(0, Ordering::Relaxed);
        event.map_err(|error| match error {
            EventStreamError::Transport(fault) => fault,
            EventStreamError::Utf8(_) | EventStreamError::Parser(_) => Fault::Malformed,
        })
    })
}

/// The bytes as the parser (0.2.3) can take them: without a leading byte order mark, which makes it panic; in whole lines, since it reads
/// an unfinished one again with every byte that is added; with an end to the last event. Fails once too many came without an
/// event among them, for the parser holds what it does not understand without a limit.
fn lines<B: AsRef<[u8]>>(
    bytes: impl Stream<Item = Result<B, Fault>>,
    unparsed: Arc<AtomicUsize>,
) -> impl Stream<Item = Result<Vec<u8>, Fault>> {
    try_stream! {
        let mut is_start = true;
        let mut line = Vec::new();
        for await chunk in bytes {
            let chunk = chunk?;
            for part in chunk.as_ref().chunks(PART_BYTES) {
                if unparsed.fetch_add(part.len(), Ordering::Relaxed) + part.len() > MAX_EVENT_BYTES {
                    Err(Fault::Oversized)?;
                }
                let (ended, begun) = part.split_at(part.iter().rposition(ends_line).map_or(0, |last| last + 1));
                if !ended.is_empty() {
                    line.extend_from_slice(ended);
                    yield without_mark(mem::take(&mut line), mem::take(&mut is_start));
                }
                line.extend_from_slice(begun);
            }
        }
        line.extend_from_slice(b"\n\n");
        yield without_mark(line, is_start);
    }
}

fn ends_line(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn without_mark(mut lines: Vec<u8>, is_start: bool) -> Vec<u8> {
    if is_start && lines.starts_with(BYTE_ORDER_MARK) {
        lines.drain(..BYTE_ORDER_MARK.len());
    }
    lines
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
        for endless in ["x", "data: x\n", ": comment\r\n"] {
            let endless = endless.repeat(100);
            assert!(matches!(data(std::iter::repeat_n(endless.as_bytes(), 20_000)).await, Err(Fault::Oversized)));
        }
        let small = format!("data: {}\n\n", "x".repeat(1000));
        assert_eq!(data(std::iter::repeat_n(small.as_bytes(), 2000)).await.unwrap().len(), 2000);
    }

    #[tokio::test]
    async fn an_event_just_below_the_limit_comes_through_in_the_smallest_parts() {
        let big = format!("data: {}\n\n", "x".repeat(MAX_EVENT_BYTES - 1000));
        assert_eq!(data(big.as_bytes().chunks(1)).await.unwrap()[0].len(), MAX_EVENT_BYTES - 1000);
    }
}
