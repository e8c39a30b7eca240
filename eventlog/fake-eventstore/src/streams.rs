//! The service of streams.

use ::uuid::Uuid;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, stream};
use tonic::{Request, Response, Status, Streaming};

use crate::database::{Database, Written, Wrong};
use crate::faults::AppendFault;
use crate::node::Door;
use crate::protocol::event_store::client::streams::append_req::options::ExpectedStreamRevision;
use crate::protocol::event_store::client::streams::append_req::{Content, ProposedMessage};
use crate::protocol::event_store::client::streams::append_resp::success::{CurrentRevisionOption, PositionOption};
use crate::protocol::event_store::client::streams::append_resp::wrong_expected_version::{
    CurrentRevisionOption as Current, ExpectedRevisionOption,
};
use crate::protocol::event_store::client::streams::append_resp::{self, Position, Success, WrongExpectedVersion};
use crate::protocol::event_store::client::streams::{
    AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, DeleteReq, DeleteResp, ReadReq, ReadResp, TombstoneReq,
    TombstoneResp, streams_server,
};
use crate::protocol::event_store::client::{Empty, uuid};
use crate::reading::{self, name};
use crate::record::Expected;
use crate::record::{Append, Proposed};
use crate::subscribing;

/// Longest append, all events together, as the server's `MaxAppendSize` is by default.
const MAX_APPEND: usize = 1 << 20;

/// The service, on one server.
pub(crate) struct Streams {
    pub(crate) database: Database,
    pub(crate) door: Door,
}

#[tonic::async_trait]
impl streams_server::Streams for Streams {
    type ReadStream = BoxStream<'static, Result<ReadResp, Status>>;
    type BatchAppendStream = BoxStream<'static, Result<BatchAppendResp, Status>>;

    async fn read(&self, request: Request<ReadReq>) -> Result<Response<Self::ReadStream>, Status> {
        self.door.admit(request.metadata())?;
        let options = request.into_inner().options.ok_or_else(|| Status::invalid_argument("no options"))?;
        let responses = match reading::count(&options) {
            Some(count) => stream::iter(reading::read(&self.database, &options, count)).map(Ok).boxed(),
            None => subscribing::subscribe(self.database.clone(), &options),
        };
        Ok(Response::new(responses))
    }

    async fn append(&self, request: Request<Streaming<AppendReq>>) -> Result<Response<AppendResp>, Status> {
        self.door.admit(request.metadata())?;
        let append = collect(request.into_inner()).await?;
        // What the log and its metadata need is not what goes wrong.
        let fault = if append.stream.starts_with("conversation-") { self.database.0.faults.of_append() } else { None };
        match fault {
            None => {}
            Some(AppendFault::Instead(answer)) => return Err(answer.status().await),
            Some(AppendFault::After(answer)) => {
                let _ = self.database.append(append);
                return Err(answer.status().await);
            }
            Some(AppendFault::Held) => {
                self.database.0.faults.hold(append);
                return std::future::pending().await;
            }
        }
        let expected = append.expected;
        let result = match self.database.append(append) {
            Ok(written) => append_resp::Result::Success(success(written)),
            Err(wrong) => append_resp::Result::WrongExpectedVersion(refusal(wrong, expected)),
        };
        Ok(Response::new(AppendResp { result: Some(result) }))
    }

    async fn delete(&self, _: Request<DeleteReq>) -> Result<Response<DeleteResp>, Status> {
        Err(Status::unimplemented("the log never deletes a stream"))
    }

    async fn tombstone(&self, _: Request<TombstoneReq>) -> Result<Response<TombstoneResp>, Status> {
        Err(Status::unimplemented("the log never deletes a stream"))
    }

    async fn batch_append(
        &self,
        _: Request<Streaming<BatchAppendReq>>,
    ) -> Result<Response<Self::BatchAppendStream>, Status> {
        Err(Status::unimplemented("the log appends one by one"))
    }
}

/// A whole append, or nothing of one whose client is gone before its end.
async fn collect(mut requests: Streaming<AppendReq>) -> Result<Append, Status> {
    let first = requests.message().await?.and_then(|request| request.content);
    let Some(Content::Options(options)) = first else { return Err(Status::invalid_argument("no options")) };
    let expected = match options.expected_stream_revision {
        Some(ExpectedStreamRevision::Revision(revision)) => Expected::Revision(revision),
        Some(ExpectedStreamRevision::NoStream(_)) => Expected::NoStream,
        Some(ExpectedStreamRevision::StreamExists(_)) => Expected::Exists,
        Some(ExpectedStreamRevision::Any(_)) => Expected::Any,
        None => return Err(Status::invalid_argument("no expected revision")),
    };
    let (mut events, mut size) = (Vec::new(), 0);
    while let Some(request) = requests.message().await? {
        let Some(Content::ProposedMessage(message)) = request.content else {
            return Err(Status::invalid_argument("no event"));
        };
        size += message.data.len() + message.custom_metadata.len();
        if size > MAX_APPEND {
            return Err(Status::invalid_argument(format!("Maximum Append Size of {MAX_APPEND} Exceeded.")));
        }
        events.push(proposed(message)?);
    }
    Ok(Append { stream: name(options.stream_identifier.as_ref()), expected, events })
}

fn proposed(message: ProposedMessage) -> Result<Proposed, Status> {
    let id = match message.id.and_then(|id| id.value) {
        Some(uuid::Value::String(text)) => Uuid::try_parse(&text).ok(),
        Some(uuid::Value::Structured(bits)) => {
            Some(Uuid::from_u64_pair(bits.most_significant_bits as u64, bits.least_significant_bits as u64))
        }
        None => None,
    };
    let property = |name: &str| message.metadata.get(name).cloned();
    let (Some(id), Some(kind), Some(content_type)) = (id, property("type"), property("content-type")) else {
        return Err(Status::invalid_argument("an event needs an id, a type and a content type"));
    };
    Ok(Proposed { id, kind, content_type, data: message.data.into(), metadata: message.custom_metadata.into() })
}

fn success(written: Option<Written>) -> Success {
    let (current, position) = match written {
        Some(Written { revision, place }) => (
            CurrentRevisionOption::CurrentRevision(revision),
            PositionOption::Position(Position { commit_position: place, prepare_position: place }),
        ),
        None => (CurrentRevisionOption::NoStream(Empty {}), PositionOption::NoPosition(Empty {})),
    };
    Success { current_revision_option: Some(current), position_option: Some(position) }
}

fn refusal(Wrong(last): Wrong, expected: Expected) -> WrongExpectedVersion {
    let expected = match expected {
        Expected::Any => ExpectedRevisionOption::ExpectedAny(Empty {}),
        Expected::NoStream => ExpectedRevisionOption::ExpectedNoStream(Empty {}),
        Expected::Exists => ExpectedRevisionOption::ExpectedStreamExists(Empty {}),
        Expected::Revision(revision) => ExpectedRevisionOption::ExpectedRevision(revision),
    };
    let current = last.map_or(Current::CurrentNoStream(Empty {}), Current::CurrentRevision);
    WrongExpectedVersion {
        current_revision_option: Some(current),
        expected_revision_option: Some(expected),
        ..WrongExpectedVersion::default()
    }
}
