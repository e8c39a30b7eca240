//! Subscriptions: what is there after a place, and then what comes.

use futures_util::stream::BoxStream;
use futures_util::{StreamExt, stream};
use tonic::Status;
use uuid::Uuid;

use crate::database::Database;
use crate::protocol::event_store::client::streams::ReadResp;
use crate::protocol::event_store::client::streams::read_req::Options;
use crate::protocol::event_store::client::streams::read_req::options::StreamOption;
use crate::protocol::event_store::client::streams::read_req::options::all_options::AllOption;
use crate::protocol::event_store::client::streams::read_req::options::stream_options::RevisionOption;
use crate::protocol::event_store::client::streams::read_resp::{Checkpoint, Content, SubscriptionConfirmation};
use crate::reading::{Matches, name, response};

/// Events that are sent before it is looked again whether the subscription is to be dropped.
const BATCH: usize = 100;

/// What a subscription is to.
enum Source {
    All(Matches),
    Stream(String),
}

/// A subscription, from after its place on.
pub(crate) fn subscribe(database: Database, options: &Options) -> BoxStream<'static, Result<ReadResp, Status>> {
    let (source, mut next) = begin(&database, options);
    let mut changes = database.0.changes.subscribe();
    let mut drops = database.0.drops.subscribe();
    let silences = database.0.silences.subscribe();
    let responses = async_stream::stream! {
        let subscription_id = Uuid::new_v4().to_string();
        yield Ok(content(Content::Confirmation(SubscriptionConfirmation { subscription_id })));
        loop {
            changes.borrow_and_update();
            if silences.has_changed().unwrap_or(true) {
                std::future::pending::<()>().await;
            }
            if drops.has_changed().unwrap_or(true) {
                yield Err(Status::unavailable("the subscription is dropped"));
                return;
            }
            let (responses, after) = bring(&database, &source, next);
            if after > next {
                next = after;
                for response in responses {
                    yield Ok(response);
                }
                continue;
            }
            tokio::select! {
                _ = changes.changed() => {}
                _ = drops.changed() => drops.mark_changed(),
            }
        }
    };
    stream::once(async { responses }).flatten().boxed()
}

/// The index of the first record that comes into question.
fn begin(database: &Database, options: &Options) -> (Source, usize) {
    let state = database.state();
    let end = state.records.len();
    match &options.stream_option {
        Some(StreamOption::Stream(stream)) => {
            let from = match &stream.revision_option {
                Some(RevisionOption::End(_)) => end,
                Some(RevisionOption::Revision(revision)) => {
                    let name = name(stream.stream_identifier.as_ref());
                    state.of(&name).get(*revision as usize).map_or(end, |index| index + 1)
                }
                _ => 0,
            };
            (Source::Stream(name(stream.stream_identifier.as_ref())), from)
        }
        Some(StreamOption::All(all)) => {
            let from = match &all.all_option {
                Some(AllOption::End(_)) => end,
                Some(AllOption::Position(after)) => {
                    state.records.partition_point(|record| record.place <= after.commit_position)
                }
                _ => 0,
            };
            (Source::All(Matches::of(options.filter_option.as_ref())), from)
        }
        None => (Source::Stream(String::new()), end),
    }
}

/// What is there from an index on, and the next index. Ends with how far it was looked.
fn bring(database: &Database, source: &Source, from: usize) -> (Vec<ReadResp>, usize) {
    let state = database.state();
    let to = (from + BATCH).min(state.records.len());
    let mut responses = Vec::new();
    for index in from..to {
        let record = &state.records[index];
        let fits = match source {
            Source::All(matches) => matches.hold(record),
            Source::Stream(stream) => record.stream == *stream && !state.is_truncated(index),
        };
        if fits && !record.gone {
            responses.push(response(record));
        }
    }
    if let (Source::All(_), Some(last)) = (source, to.checked_sub(1).filter(|_| to > from)) {
        let place = state.records[last].place;
        let checkpoint = Checkpoint { commit_position: place, prepare_position: place, timestamp: None };
        responses.push(content(Content::Checkpoint(checkpoint)));
    }
    (responses, to)
}

fn content(content: Content) -> ReadResp {
    ReadResp { content: Some(content) }
}
