//! What a server's answer to an append means. Only a clean acknowledgement is taken at its word.

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::publish::PublishAck;

use super::api::Fault;

/// What became of a message that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// It is stored at this sequence.
    Stored(u64),
    /// It was not stored now, but the same message may have been before: what is stored tells.
    Doubtful,
    /// Nobody knows.
    Unknown,
    /// It was not stored: it is too large.
    TooLarge,
    /// It was not stored: the servers have no room.
    NoRoom,
    /// It was not stored: no server took it, for now.
    NotTaken,
}

impl Sent {
    /// Which of a server's checks comes first, for repetition or for place, differs by version and topology, and a cluster
    /// refuses some messages that nothing speaks against: all of that is doubtful.
    pub(super) fn of(answer: &Result<PublishAck, Fault>) -> Self {
        match answer {
            Ok(ack) if ack.duplicate => Self::Doubtful,
            Ok(ack) => Self::Stored(ack.sequence),
            Err(Fault::Silence(_)) => Self::Unknown,
            Err(Fault::NoResponders) => Self::NotTaken,
            Err(Fault::Refused(error)) => match error.error_code() {
                ErrorCode::STREAM_WRONG_LAST_SEQUENCE
                | ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT
                | ErrorCode::STREAM_DUPLICATE_MESSAGE_CONFLICT
                | ErrorCode::STREAM_EXPECTED_LAST_SEQ_PER_SUBJECT_NOT_READY
                | ErrorCode::STREAM_TOO_MANY_REQUESTS => Self::Doubtful,
                ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM => Self::TooLarge,
                ErrorCode::INSUFFICIENT_RESOURCES
                | ErrorCode::ACCOUNT_RESOURCES_EXCEEDED
                | ErrorCode::STORAGE_RESOURCES_EXCEEDED
                | ErrorCode::MEMORY_RESOURCES_EXCEEDED
                | ErrorCode::STREAM_SEALED
                | ErrorCode::JETSTREAM_NOT_ENABLED
                | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT => Self::NoRoom,
                // Said of a limit as well as of a disk that fails, which may leave the message half stored.
                ErrorCode::STREAM_STORE_FAILED if error.to_string().contains("maximum") => Self::NoRoom,
                _ => Self::Unknown,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: u64, description: &str) -> Sent {
        let error = serde_json::json!({ "code": 400, "err_code": code, "description": description });
        Sent::of(&Err(Fault::Refused(serde_json::from_value(error).unwrap())))
    }

    #[test]
    fn no_refusal_of_a_place_or_a_repetition_is_believed() {
        for code in [10071, 10164, 10158, 10163] {
            assert_eq!(refused(code, ""), Sent::Doubtful, "{code}");
        }
        assert_eq!(Sent::of(&Ok(PublishAck { sequence: 7, duplicate: true, ..PublishAck::default() })), Sent::Doubtful);
        assert_eq!(Sent::of(&Ok(PublishAck { sequence: 7, ..PublishAck::default() })), Sent::Stored(7));
    }

    #[test]
    fn only_what_certainly_stored_nothing_is_no_unknown_outcome() {
        assert_eq!(refused(10047, ""), Sent::NoRoom);
        assert_eq!(refused(10077, "maximum bytes exceeded"), Sent::NoRoom);
        assert_eq!(refused(10054, ""), Sent::TooLarge);
        assert_eq!(Sent::of(&Err(Fault::NoResponders)), Sent::NotTaken);
        assert_eq!(refused(10077, "write /store/1.blk: input/output error"), Sent::Unknown);
        assert_eq!(refused(19999, "of a later release"), Sent::Unknown);
        assert_eq!(Sent::of(&Err(Fault::Silence(String::new()))), Sent::Unknown);
    }
}
