//! Bytes into server-sent events, as the standard has them, of which `data` and `event` are all that is asked for. The bytes are
//! looked at once: a parser that was general cost more than the rest of a turn.

use std::mem;
use std::ops::ControlFlow;

use memchr::memchr2;

use super::fault::Fault;

/// Most bytes that may come without an event among them.
pub(super) const MAX_EVENT_BYTES: usize = 1024 * 1024;

/// What is parsed after the last bytes of a body, so that an event that no empty line follows counts too: a server that closes right
/// after it means it.
pub(super) const END: &[u8] = b"\n\n";

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// One event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// Its type; empty for one without.
    pub(super) name: String,
    /// Its lines of data.
    pub(super) data: String,
}

/// What is known in the middle of a body.
#[derive(Default)]
pub(super) struct Parser {
    /// Past the place where a byte order mark may stand.
    begun: bool,
    /// The last line ended with a carriage return: a line feed right after it belongs to it.
    returned: bool,
    /// A line that has not ended yet.
    line: Vec<u8>,
    /// Emptied, not made anew, for each event.
    event: Event,
    has_data: bool,
    /// Bytes since the last event.
    unparsed: usize,
}

impl Parser {
    /// Gives `take` the events that `bytes` complete, also those before a fault, until it breaks.
    pub(super) fn parse<B>(
        &mut self,
        mut bytes: &[u8],
        mut take: impl FnMut(&Event) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, Fault> {
        if mem::take(&mut self.returned) {
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
            self.returned = bytes.is_empty();
        }
        while let Some(end) = memchr2(b'\n', b'\r', bytes) {
            let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
            self.count(end + 1)?;
            let is_event = if self.line.is_empty() {
                self.line(line)?
            } else {
                self.line.extend_from_slice(line);
                let line = mem::take(&mut self.line);
                self.line(&line)?
            };
            let returned = bytes[end] == b'\r';
            self.returned = returned && rest.is_empty();
            bytes = if returned { rest.strip_prefix(b"\n").unwrap_or(rest) } else { rest };
            if is_event {
                let taken = take(&self.event);
                self.forget_event();
                if taken.is_break() {
                    return Ok(taken);
                }
            }
        }
        self.count(bytes.len())?;
        self.line.extend_from_slice(bytes);
        Ok(ControlFlow::Continue(()))
    }

    fn count(&mut self, bytes: usize) -> Result<(), Fault> {
        self.unparsed += bytes;
        if self.unparsed > MAX_EVENT_BYTES { Err(Fault::Oversized) } else { Ok(()) }
    }

    /// Takes a line; whether it ends an event.
    fn line(&mut self, mut line: &[u8]) -> Result<bool, Fault> {
        if !mem::replace(&mut self.begun, true) {
            line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        }
        if line.is_empty() {
            if !self.has_data {
                // An event without data is none.
                self.event.name.clear();
            }
            return Ok(self.has_data);
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
        Ok(false)
    }

    fn data(&mut self, value: &str) {
        if mem::replace(&mut self.has_data, true) {
            self.event.data.push('\n');
        }
        self.event.data.push_str(value);
    }

    fn forget_event(&mut self) {
        self.event.name.clear();
        self.event.data.clear();
        self.has_data = false;
        self.unparsed = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events of a body that comes in these parts, and the fault that ends them.
    fn events<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Result<(), Fault>) {
        let (mut parser, mut events) = (Parser::default(), Vec::new());
        let mut take = |event: &Event| {
            events.push(Event { name: event.name.clone(), data: event.data.clone() });
            ControlFlow::<()>::Continue(())
        };
        let parsed = parts.into_iter().chain([END]).try_for_each(|part| parser.parse(part, &mut take).map(|_| ()));
        (events, parsed)
    }

    fn data<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<String>, Fault> {
        let (events, parsed) = events(parts);
        parsed.map(|()| events.into_iter().map(|event| event.data).collect())
    }

    #[test]
    fn every_line_ending_separates() {
        for body in ["data: 1\n\ndata: 2\n\n", "data: 1\r\n\r\ndata: 2\r\n\r\n", "data: 1\r\rdata: 2\r\r"] {
            assert_eq!(data([body.as_bytes()]).unwrap(), ["1", "2"], "{body:?}");
            assert_eq!(data(body.as_bytes().chunks(1)).unwrap(), ["1", "2"], "{body:?}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_skipped_wherever_it_is_split() {
        let body = "\u{feff}data: 1\n\n".as_bytes();
        for at in 0..body.len() {
            let (head, tail) = body.split_at(at);
            assert_eq!(data([head, tail]).unwrap(), ["1"], "split at {at}");
        }
        assert_eq!(data([BYTE_ORDER_MARK]).unwrap(), [""; 0]);
    }

    #[test]
    fn the_last_event_needs_no_empty_line() {
        for body in ["data: 1\n\ndata: 2\n", "data: 1\n\ndata: 2", "data: 1\r\rdata: 2\r"] {
            assert_eq!(data([body.as_bytes()]).unwrap(), ["1", "2"], "{body:?}");
        }
        assert_eq!(data([&b"d"[..]]).unwrap(), [""; 0]);
    }

    #[test]
    fn names_comments_and_several_lines_of_data_are_told_apart() {
        let body = ": keep-alive\n\nevent: error\nid: 7\ndata: 1\ndata:2\ndata\n\nevent: none\n\ndata:  3: x\n\n";
        for size in 1..body.len() {
            let (events, parsed) = events(body.as_bytes().chunks(size));
            let event = |name: &str, data: &str| Event { name: name.into(), data: data.into() };
            assert_eq!(events, [event("error", "1\n2\n"), event("", " 3: x")], "in pieces of {size}");
            parsed.unwrap();
        }
    }

    #[test]
    fn what_came_before_a_fault_is_passed_on() {
        let (events, parsed) = events([&b"data: 1\n\ndata: \xff\n\n"[..]]);
        assert!(matches!(parsed, Err(Fault::Malformed)) && events.len() == 1 && events[0].data == "1");
    }

    #[test]
    fn nothing_is_taken_after_a_break() {
        let (mut parser, mut taken) = (Parser::default(), Vec::new());
        let parsed = parser.parse(b"data: 1\n\ndata: 2\n\ndata: 3\n\n", |event| {
            taken.push(event.data.clone());
            if event.data == "2" { ControlFlow::Break("done") } else { ControlFlow::Continue(()) }
        });
        assert!(matches!(parsed, Ok(ControlFlow::Break("done"))) && taken == ["1", "2"]);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_a_fault() {
        assert!(matches!(data([&b"data: \xff\n\n"[..], b"data: 2\n\n"]), Err(Fault::Malformed)));
        assert!(matches!(data([&b"data: \xf0\x9f"[..]]), Err(Fault::Malformed)));
    }

    #[test]
    fn an_endless_event_is_a_fault_and_many_small_ones_are_not() {
        for endless in ["x", "data: x\n", ": comment\r\n"] {
            let endless = endless.repeat(100);
            assert!(matches!(data(std::iter::repeat_n(endless.as_bytes(), 20_000)), Err(Fault::Oversized)));
        }
        let small = format!("data: {}\n\n", "x".repeat(1000));
        assert_eq!(data(std::iter::repeat_n(small.as_bytes(), 2000)).unwrap().len(), 2000);
    }

    #[test]
    fn an_event_just_below_the_limit_comes_through_in_the_smallest_parts() {
        let big = format!("data: {}\n\n", "x".repeat(MAX_EVENT_BYTES - 1000));
        assert_eq!(data(big.as_bytes().chunks(1)).unwrap()[0].len(), MAX_EVENT_BYTES - 1000);
    }
}
