//! Bytes into server-sent events, as the standard has them, of which `data` and `event` are all that is asked for. The bytes are
//! looked at once: a parser that was general cost more than the rest of a turn.

use std::mem;

use async_stream::try_stream;
use futures_util::stream::Stream;
use memchr::memchr2;

use super::fault::Fault;

/// Most bytes that may come without an event among them.
pub(super) const MAX_EVENT_BYTES: usize = 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// One event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// Its type; empty for one without.
    pub(super) name: String,
    /// Its lines of data.
    pub(super) data: String,
}

/// The events of a body, including a last one that no empty line follows: a server that closes right after it means it.
pub(super) fn read<B: AsRef<[u8]>>(
    bytes: impl Stream<Item = Result<B, Fault>>,
) -> impl Stream<Item = Result<Event, Fault>> {
    try_stream! {
        let (mut parser, mut events) = (Parser::default(), Vec::new());
        for await chunk in bytes {
            let parsed = parser.take(chunk?.as_ref(), &mut events);
            for event in events.drain(..) {
                yield event;
            }
            parsed?;
        }
        parser.take(b"\n\n", &mut events)?;
        for event in events.drain(..) {
            yield event;
        }
    }
}

/// What is known in the middle of a body.
#[derive(Default)]
struct Parser {
    /// Past the place where a byte order mark may stand.
    begun: bool,
    /// The last line ended with a carriage return: a line feed right after it belongs to it.
    returned: bool,
    /// A line that has not ended yet.
    line: Vec<u8>,
    event: Event,
    has_data: bool,
    /// Bytes since the last event.
    unparsed: usize,
}

impl Parser {
    /// Adds the events that `bytes` complete, also those before a fault.
    fn take(&mut self, mut bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Fault> {
        if mem::take(&mut self.returned) {
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
            self.returned = bytes.is_empty();
        }
        while let Some(end) = memchr2(b'\n', b'\r', bytes) {
            let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
            self.count(end + 1)?;
            if self.line.is_empty() {
                self.line(line, events)?;
            } else {
                self.line.extend_from_slice(line);
                let line = mem::take(&mut self.line);
                self.line(&line, events)?;
            }
            let returned = bytes[end] == b'\r';
            self.returned = returned && rest.is_empty();
            bytes = if returned { rest.strip_prefix(b"\n").unwrap_or(rest) } else { rest };
        }
        self.count(bytes.len())?;
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn count(&mut self, bytes: usize) -> Result<(), Fault> {
        self.unparsed += bytes;
        if self.unparsed > MAX_EVENT_BYTES { Err(Fault::Oversized) } else { Ok(()) }
    }

    fn line(&mut self, mut line: &[u8], events: &mut Vec<Event>) -> Result<(), Fault> {
        if !mem::replace(&mut self.begun, true) {
            line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        }
        if line.is_empty() {
            self.dispatch(events);
            return Ok(());
        }
        let line = std::str::from_utf8(line).map_err(|_| Fault::Malformed)?;
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => self.data(value),
            "event" => value.clone_into(&mut self.event.name),
            // A comment, or what only a browser asks for.
            _ => {}
        }
        Ok(())
    }

    fn data(&mut self, value: &str) {
        if mem::replace(&mut self.has_data, true) {
            self.event.data.push('\n');
        }
        self.event.data.push_str(value);
    }

    /// An event without data is none.
    fn dispatch(&mut self, events: &mut Vec<Event>) {
        let event = mem::take(&mut self.event);
        if mem::take(&mut self.has_data) {
            self.unparsed = 0;
            events.push(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream::{self, StreamExt};

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
    async fn names_comments_and_several_lines_of_data_are_told_apart() {
        let body = ": keep-alive\n\nevent: error\nid: 7\ndata: 1\ndata:2\ndata\n\nevent: none\n\ndata:  3: x\n\n";
        for size in 1..body.len() {
            let events = read(stream::iter(body.as_bytes().chunks(size).map(Ok)));
            let events: Vec<_> = events.map(Result::unwrap).collect().await;
            let event = |name: &str, data: &str| Event { name: name.into(), data: data.into() };
            assert_eq!(events, [event("error", "1\n2\n"), event("", " 3: x")], "in pieces of {size}");
        }
    }

    #[tokio::test]
    async fn what_came_before_a_fault_is_passed_on() {
        let events = read(stream::iter([Ok(&b"data: 1\n\ndata: \xff\n\n"[..])]));
        let events: Vec<_> = events.collect().await;
        assert!(matches!(events.as_slice(), [Ok(event), Err(Fault::Malformed)] if event.data == "1"));
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
