//! Reading what is there: a stream, or all of them.

use crate::database::{Database, State};
use crate::protocol::event_store::client::streams::read_req::Options;
use crate::protocol::event_store::client::streams::read_req::options::all_options::AllOption;
use crate::protocol::event_store::client::streams::read_req::options::filter_options::Filter;
use crate::protocol::event_store::client::streams::read_req::options::stream_options::RevisionOption;
use crate::protocol::event_store::client::streams::read_req::options::{FilterOption, ReadDirection, StreamOption};
use crate::protocol::event_store::client::streams::read_resp::read_event::{Position, RecordedEvent};
use crate::protocol::event_store::client::streams::read_resp::{Content, ReadEvent, StreamNotFound};
use crate::protocol::event_store::client::streams::{ReadResp, read_req};
use crate::protocol::event_store::client::{StreamIdentifier, Uuid, uuid};
use crate::record::Record;

const TICKS_A_MS: u64 = 10_000;

/// What a read finds.
pub(crate) fn read(database: &Database, options: &Options, count: u64) -> Vec<ReadResp> {
    let state = database.state();
    let backwards = options.read_direction() == ReadDirection::Backwards;
    let found = match &options.stream_option {
        Some(StreamOption::Stream(stream)) => {
            let name = name(stream.stream_identifier.as_ref());
            if state.of(&name).is_empty() {
                let not_found = StreamNotFound { stream_identifier: Some(identifier(&name)) };
                return vec![ReadResp { content: Some(Content::StreamNotFound(not_found)) }];
            }
            of_stream(&state, &name, stream.revision_option.as_ref(), backwards)
        }
        Some(StreamOption::All(all)) => {
            let matches = Matches::of(options.filter_option.as_ref());
            of_all(&state, all.all_option.as_ref(), backwards, &matches)
        }
        None => vec![],
    };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    found.into_iter().take(count).map(|index| response(&state.records[index])).collect()
}

fn of_stream(state: &State, name: &str, from: Option<&RevisionOption>, backwards: bool) -> Vec<usize> {
    let readable =
        state.of(name).iter().copied().filter(|index| !state.is_truncated(*index) && !state.records[*index].gone);
    let revision = |index: &usize| state.records[*index].revision;
    match (from, backwards) {
        (Some(RevisionOption::Revision(from)), false) => readable.filter(|index| revision(index) >= *from).collect(),
        (Some(RevisionOption::Revision(from)), true) => {
            let mut found: Vec<usize> = readable.filter(|index| revision(index) <= *from).collect();
            found.reverse();
            found
        }
        (Some(RevisionOption::End(_)), false) => vec![],
        (_, false) => readable.collect(),
        (_, true) => {
            let mut found: Vec<usize> = readable.collect();
            found.reverse();
            found
        }
    }
}

/// Forwards a read begins with what stands at its position, backwards it ends before. What is truncated is there until it is scavenged.
fn of_all(state: &State, from: Option<&AllOption>, backwards: bool, matches: &Matches) -> Vec<usize> {
    let fits = |index: &usize| !state.records[*index].gone && matches.hold(&state.records[*index]);
    let place = |index: usize| state.records[index].place;
    let all = 0..state.records.len();
    match (from, backwards) {
        (Some(AllOption::Position(from)), false) => {
            all.filter(|index| place(*index) >= from.commit_position).filter(fits).collect()
        }
        (Some(AllOption::Position(from)), true) => {
            all.rev().filter(|index| place(*index) < from.commit_position).filter(fits).collect()
        }
        (Some(AllOption::End(_)), false) => vec![],
        (_, false) => all.filter(fits).collect(),
        (_, true) => all.rev().filter(fits).collect(),
    }
}

/// A filter by prefixes.
pub(crate) struct Matches {
    streams: Vec<String>,
    kinds: Vec<String>,
}

impl Matches {
    pub(crate) fn of(filter: Option<&FilterOption>) -> Self {
        let mut matches = Self { streams: vec![], kinds: vec![] };
        let filter = match filter {
            Some(FilterOption::Filter(filter)) => filter.filter.as_ref(),
            Some(FilterOption::NoFilter(_)) | None => None,
        };
        match filter {
            Some(Filter::StreamIdentifier(expression)) => matches.streams.clone_from(&expression.prefix),
            Some(Filter::EventType(expression)) => matches.kinds.clone_from(&expression.prefix),
            None => {}
        }
        matches
    }

    pub(crate) fn hold(&self, record: &Record) -> bool {
        let any = |prefixes: &[String], text: &str| {
            prefixes.is_empty() || prefixes.iter().any(|prefix| text.starts_with(prefix.as_str()))
        };
        any(&self.streams, &record.stream) && any(&self.kinds, &record.event.kind)
    }
}

pub(crate) fn name(identifier: Option<&StreamIdentifier>) -> String {
    identifier.map(|identifier| String::from_utf8_lossy(&identifier.stream_name).into_owned()).unwrap_or_default()
}

fn identifier(name: &str) -> StreamIdentifier {
    StreamIdentifier { stream_name: name.to_owned().into() }
}

pub(crate) fn response(record: &Record) -> ReadResp {
    let metadata = [
        ("type", record.event.kind.clone()),
        ("content-type", record.event.content_type.clone()),
        ("created", (record.created * TICKS_A_MS).to_string()),
    ];
    let event = RecordedEvent {
        id: Some(Uuid { value: Some(uuid::Value::String(record.event.id.to_string())) }),
        stream_identifier: Some(identifier(&record.stream)),
        stream_revision: record.revision,
        prepare_position: record.place,
        commit_position: record.place,
        metadata: metadata.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        custom_metadata: record.event.metadata.clone().into(),
        data: record.event.data.clone().into(),
    };
    let position = Some(Position::CommitPosition(record.place));
    ReadResp { content: Some(Content::Event(ReadEvent { event: Some(event), link: None, position })) }
}

/// How many events a read may bring; `None` for a subscription.
pub(crate) fn count(options: &Options) -> Option<u64> {
    match options.count_option {
        Some(read_req::options::CountOption::Count(count)) => Some(count),
        Some(read_req::options::CountOption::Subscription(_)) | None => None,
    }
}
