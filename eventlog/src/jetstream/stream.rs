//! The stream the log lives in: how it is created, and what an existing one must be like.
//!
//! Architecture invariant: an existing stream is never changed.

use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, PersistenceMode, RetentionPolicy, StorageType};
use uuid::Uuid;

use crate::log::LogIdentity;

/// Replicas of a stream in a cluster: one server may be lost without losing events or standing still.
pub(super) const REPLICAS: usize = 3;

/// How long the server knows an append by its id. Only spares look-ups: a later repetition is recognised by what is stored.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);

/// The longest answer by default, with room for its JSON escapes.
const LEAST_MESSAGE_SIZE: i32 = 1 << 20;

/// Namespace of log identities (UUIDv5). Changing it would make every checkpoint one of another log.
const IDENTITY_NAMESPACE: Uuid = Uuid::from_u128(0x6d1c_02f7_3b0e_5a41_8f4e_90a7_25cc_e1d8);

/// The subject of every conversation.
pub(super) fn subjects(name: &str) -> String {
    format!("{name}.conversation.*")
}

/// The stream as it is created.
pub(super) fn wanted(name: &str, replicas: usize) -> Config {
    Config {
        name: name.to_owned(),
        description: Some("Event log of Open Chat Widget".into()),
        subjects: vec![subjects(name)],
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        max_messages: -1,
        max_bytes: -1,
        max_messages_per_subject: -1,
        max_message_size: -1,
        duplicate_window: DUPLICATE_WINDOW,
        allow_direct: true,
        num_replicas: replicas,
        ..Config::default()
    }
}

/// Which log a stream is: another one of the same name was created at another time.
pub(super) fn identity(info: &Info) -> LogIdentity {
    let created = info.created.unix_timestamp_nanos();
    LogIdentity(Uuid::new_v5(&IDENTITY_NAMESPACE, format!("{}\n{created}", info.config.name).as_bytes()))
}

/// What an existing stream has that would break a promise of the log, each with what is needed instead.
pub(super) fn differences(found: &Config) -> Vec<String> {
    let subjects = subjects(&found.name);
    let limited = found.max_messages > 0 || found.max_bytes > 0;
    let too_small = (1..LEAST_MESSAGE_SIZE).contains(&found.max_message_size);
    let sources = found.sources.as_ref().is_some_and(|sources| !sources.is_empty());
    [
        (found.subjects != [subjects.as_str()], format!("subjects are {:?}, needed: {subjects}", found.subjects)),
        (found.storage != StorageType::File, format!("storage is {:?}, needed: file", found.storage)),
        (found.retention != RetentionPolicy::Limits, format!("retention is {:?}, needed: limits", found.retention)),
        (
            limited && found.discard == DiscardPolicy::Old,
            "discard is old with a limit of messages or bytes, needed: new".into(),
        ),
        (!found.max_age.is_zero(), format!("max_age is {:?}, needed: none", found.max_age)),
        (
            found.max_messages_per_subject > 0,
            format!("max_msgs_per_subject is {}, needed: none", found.max_messages_per_subject),
        ),
        (
            too_small,
            format!("max_msg_size is {}, needed: none, or at least {LEAST_MESSAGE_SIZE}", found.max_message_size),
        ),
        (found.max_consumers > 0, format!("max_consumers is {}, needed: none", found.max_consumers)),
        (found.no_ack, "no_ack is set, needed: acknowledgements".into()),
        (found.sealed, "it is sealed, needed: one that takes messages".into()),
        (found.deny_delete, "deny_delete is set, needed: not set, so that a conversation can be erased".into()),
        (found.mirror.is_some(), "it mirrors another stream, needed: no mirror".into()),
        (sources, "it has sources, needed: none".into()),
        (found.subject_transform.is_some(), "it transforms subjects, needed: no transform".into()),
        (found.republish.is_some(), "it republishes messages, needed: no republish".into()),
        (found.allow_message_counter, "it counts (allow_msg_counter), needed: not set".into()),
        (
            found.persist_mode == Some(PersistenceMode::Async),
            "persist_mode is async, needed: default, which stores before it acknowledges".into(),
        ),
    ]
    .into_iter()
    .filter_map(|(differs, text)| differs.then_some(text))
    .collect()
}

/// What an operator should know about the stream, in whole sentences.
pub(super) fn warnings(found: &Config) -> Vec<String> {
    let name = &found.name;
    let window = found.duplicate_window;
    [
        (
            found.num_replicas == 1,
            format!(
                "Stream {name} has one replica: while its server is down nothing can be stored, and with its disk the events are \
                 lost. Run a cluster of three servers and set the replicas with `nats stream edit {name} --replicas 3`."
            ),
        ),
        (
            found.num_replicas == 2,
            format!(
                "Stream {name} has two replicas: it stands still when either server is down. Set three with `nats stream edit \
                 {name} --replicas 3`."
            ),
        ),
        (
            window != DUPLICATE_WINDOW,
            format!("Stream {name} has a duplicate window of {window:?} instead of {DUPLICATE_WINDOW:?}, which does no harm."),
        ),
        (
            !found.allow_direct,
            format!(
                "Stream {name} does not allow direct reads: long conversations are read message by message. Allow them with \
                 `nats stream edit {name} --allow-direct`."
            ),
        ),
        (
            found.max_bytes > 0 || found.max_messages > 0,
            format!(
                "Stream {name} is limited to {} bytes and {} messages (-1: no limit): once full, it takes no more messages.",
                found.max_bytes, found.max_messages
            ),
        ),
    ]
    .into_iter()
    .filter_map(|(applies, text)| applies.then_some(text))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_as_it_is_created_has_nothing_against_it() {
        assert!(differences(&wanted("chat", 3)).is_empty());
        assert!(warnings(&wanted("chat", 3)).is_empty());
        assert_eq!(warnings(&wanted("chat", 1)).len(), 1);
    }

    #[test]
    fn limits_that_refuse_new_messages_are_told_and_those_that_drop_old_ones_are_not_taken() {
        let full = Config { max_bytes: 1000, ..wanted("chat", 3) };
        assert_eq!((differences(&full).len(), warnings(&full).len()), (0, 1));
        let dropping = Config { discard: DiscardPolicy::Old, ..full };
        assert_eq!(differences(&dropping).len(), 1);
    }
}
