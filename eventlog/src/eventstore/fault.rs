//! Why a request has no answer. What matters is whether it may have been carried out all the same.

use eventstore::{CurrentRevision, Error};

/// Codes of gRPC that say that a request was not carried out because of what it asks.
const INVALID_ARGUMENT: i32 = 3;
const OUT_OF_RANGE: i32 = 11;

/// Why a request has no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Fault {
    /// No server could be asked.
    #[error("no server is reached: {0}")]
    Unreachable(String),
    /// It was sent, and nobody knows what became of it.
    #[error("{0}")]
    Silence(String),
    /// The server is not the leader, and did nothing. The client knows the leader by now.
    #[error("the server is not the leader")]
    NotLeader,
    /// Nothing was written: the stream is not at the expected revision, but has this many events, those that are gone included.
    #[error("the stream has {actual} events")]
    WrongVersion {
        /// How many events there are.
        actual: u64,
    },
    /// There is no such stream, or it has no events any more.
    #[error("there is no such stream")]
    NoStream,
    /// The server will not do it for this user.
    #[error("the server denies access")]
    Denied,
    /// The server will not do it.
    #[error("the server refuses: {0}")]
    Refused(String),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::ConnectionClosed | Error::GrpcConnectionError(_) | Error::InitializationError(_) => {
                Self::Unreachable(error.to_string())
            }
            Error::NotLeaderException(_) => Self::NotLeader,
            Error::WrongExpectedVersion { current, .. } => Self::WrongVersion {
                actual: match current {
                    CurrentRevision::Current(revision) => revision.saturating_add(1),
                    CurrentRevision::NoStream => 0,
                },
            },
            Error::ResourceNotFound => Self::NoStream,
            Error::AccessDenied => Self::Denied,
            Error::ResourceDeleted | Error::UnsupportedFeature => Self::Refused(error.to_string()),
            Error::Grpc { code, message } if matches!(i32::from(code), INVALID_ARGUMENT | OUT_OF_RANGE) => {
                Self::Refused(message)
            }
            other => Self::Silence(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use eventstore::{Endpoint, StreamState};

    use super::*;

    #[test]
    fn only_what_certainly_did_nothing_is_no_silence() {
        for error in [Error::ServerError("unavailable".into()), Error::DeadlineExceeded, Error::InternalClientError] {
            assert!(matches!(Fault::from(error), Fault::Silence(_)));
        }
        assert!(matches!(Fault::from(Error::ConnectionClosed), Fault::Unreachable(_)));
        let leader = Endpoint { host: "localhost".into(), port: 2113 };
        assert!(matches!(Fault::from(Error::NotLeaderException(leader)), Fault::NotLeader));
    }

    #[test]
    fn revisions_count_from_0_and_versions_from_1() {
        let wrong = |current| Error::WrongExpectedVersion { expected: StreamState::NoStream, current };
        let actual = |current| match Fault::from(wrong(current)) {
            Fault::WrongVersion { actual } => actual,
            other => panic!("{other}"),
        };
        assert_eq!((actual(CurrentRevision::NoStream), actual(CurrentRevision::Current(0))), (0, 1));
        assert_eq!(actual(CurrentRevision::Current(6)), 7);
    }
}
