//! One stored example of every event in every schema version there ever was. Logs are never rewritten, so what stands in
//! `test-data/` must be readable for good: a changed file is a broken log somewhere.
//!
//! `v<N>.json` holds the stored bytes, `v<N>.expected.json` what this release reads from them. Nothing here writes those
//! files. A test that misses one leaves its candidate in the target directory; a person looks at it and copies it.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected should fail")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use chat_schema::{
    ConversationId, DecodeError, Envelope, ErasedConversation, Event, EventId, ExportFormat, FailureReason,
    FinishReason, Hash, Head, Operator, OperatorAct, Rating, SCHEMA_VERSION, SealedEvent, Timings, Usage,
};

/// Defines `samples()`, and does not compile while an event type, or an act of operators, has no sample.
macro_rules! samples {
    (events { $($name:ident { $($fields:tt)* })* } acts { $($act:ident { $($act_fields:tt)* })* }) => {
        fn samples() -> Vec<(&'static str, Event)> {
            let acted = |act| Event::OperatorActed { operator: Operator::AdminKey, act };
            vec![
                $((stringify!($name), Event::$name { $($fields)* }),)*
                $((concat!("OperatorActed.", stringify!($act)), acted(OperatorAct::$act { $($act_fields)* })),)*
            ]
        }

        const _: fn(&Event) = |event| match event {
            $(Event::$name { .. } => (),)*
            Event::OperatorActed { act, .. } => match act {
                $(OperatorAct::$act { .. } => (),)*
            },
        };
    };
}

samples! {
    events {
        UserMessaged {
            message_id: "message:1".parse().unwrap(),
            session_id: "visitor-1".parse().unwrap(),
            content: "Where is my \"order\"?\n\u{1F980} \\ \u{2028} ü".into(),
            owner: "0198c0de-0000-4000-8000-000000000001".parse().unwrap(),
        }
        ReplyStarted {
            in_reply_to: "message:1".parse().unwrap(),
            attempt: 2,
            owner: "0198c0de-0000-4000-8000-000000000002".parse().unwrap(),
        }
        AssistantReplied {
            in_reply_to: "message:1".parse().unwrap(),
            content: "On its way.\n\n```rust\nfn main() {}\n```".into(),
            model: "demo".into(),
            finish_reason: FinishReason::Stop,
            usage: Some(Usage { prompt_tokens: 12, completion_tokens: 34 }),
            timings: Timings { first_token_ms: 210, total_ms: 1830 },
        }
        ReplyFailed { in_reply_to: "message:1".parse().unwrap(), reason: FailureReason::TimedOut }
        ReplyStopped { in_reply_to: "message:1".parse().unwrap(), content: "On its".into() }
        MessageRated { message_id: "message:1".parse().unwrap(), rating: Some(Rating::Up) }
        ConversationErased { erased_events: 6, head: Hash::from([0xab; 32]) }
    }
    acts {
        SignedIn {}
        SignInRefused {}
        SignedOut { session: "0198c0de-3333-4000-8000-000000000000".parse().unwrap() }
        ConversationsExported {
            conversation: Some(ConversationId::of(&"visitor-1".parse().unwrap())),
            from: Some(1_755_000_000_000),
            to: None,
            format: ExportFormat::Csv,
        }
        ErasureRequested { conversations: vec![ConversationId::of(&"visitor-1".parse().unwrap())] }
        ErasureCompleted {
            request: "0198c0de-2222-7000-8000-000000000000".parse().unwrap(),
            erased: vec![ErasedConversation {
                conversation_id: ConversationId::of(&"visitor-1".parse().unwrap()),
                erased_events: 6,
            }],
        }
    }
}

/// The bytes today's writer stores for `event`.
fn stored_today(event: Event) -> Vec<u8> {
    let conversation = ConversationId::of(&"visitor-1".parse().unwrap());
    let id: EventId = "0198c0de-1111-7000-8000-000000000000".parse().unwrap();
    let head = Head { version: 6, hash: Hash::from([1; 32]), recorded_at: 0 };
    SealedEvent::seal(head, conversation, id, 1_755_600_000_123, event).bytes.into()
}

/// What this release reads from `bytes`, as the text of a `v<N>.expected.json`.
fn decoded(bytes: &[u8]) -> String {
    let envelope = read(bytes).unwrap();
    serde_json::to_string_pretty(&envelope).unwrap() + "\n"
}

fn read(bytes: &[u8]) -> Result<Envelope, DecodeError> {
    SealedEvent::open(bytes.into(), Hash::ZERO).map(|event| event.envelope)
}

fn test_data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("test-data")
}

/// What is wrong with a golden file, if it does not hold `actual`. Never writes it: the candidate is put aside.
fn difference(name: &str, file: &str, actual: &[u8]) -> Option<String> {
    let golden = test_data().join(name).join(file);
    let found = fs::read(&golden).unwrap_or_default();
    if found == actual {
        return None;
    }
    let candidate = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.{file}"));
    fs::write(&candidate, actual).unwrap();
    Some(format!(
        "{name}/{file} should be\n{}\nbut is\n{}\nIf the file is new, look at the candidate and copy it:\ncp {} {}\n",
        String::from_utf8_lossy(actual),
        String::from_utf8_lossy(&found),
        candidate.display(),
        golden.display(),
    ))
}

fn assert_none(differences: impl Iterator<Item = String>) {
    let differences: Vec<_> = differences.collect();
    let advice = "stored events stay as they are: a changed shape needs a new SCHEMA_VERSION and files of its own";
    assert!(differences.is_empty(), "{advice}\n\n{}", differences.join("\n"));
}

fn golden_bytes(name: &str, version: u16) -> Vec<u8> {
    let file = test_data().join(name).join(format!("v{version}.json"));
    fs::read(&file).unwrap_or_else(|error| panic!("{} is missing: {error}", file.display()))
}

#[test]
fn every_version_of_every_event_type_is_read_as_expected() {
    let files = samples().into_iter().flat_map(|(name, _)| (1..=SCHEMA_VERSION).map(move |version| (name, version)));
    assert_none(files.filter_map(|(name, version)| {
        let bytes = golden_bytes(name, version);
        assert_eq!(read(&bytes).unwrap().schema_version, version, "{name}/v{version}.json");
        difference(name, &format!("v{version}.expected.json"), decoded(&bytes).as_bytes())
    }));
}

#[test]
fn today_s_writer_stores_the_newest_golden_file_byte_for_byte() {
    let newest = format!("v{SCHEMA_VERSION}.json");
    assert_none(samples().into_iter().filter_map(|(name, event)| difference(name, &newest, &stored_today(event))));
}

#[test]
fn there_is_no_golden_file_beside_the_known_types_and_versions() {
    let known: BTreeSet<String> = samples()
        .iter()
        .flat_map(|(name, _)| (1..=SCHEMA_VERSION).map(move |version| format!("{name}/v{version}")))
        .flat_map(|stem| [format!("{stem}.json"), format!("{stem}.expected.json")])
        .collect();
    let mut found = BTreeSet::new();
    for directory in fs::read_dir(test_data()).unwrap().map(Result::unwrap) {
        let name = directory.file_name().into_string().unwrap();
        for file in fs::read_dir(directory.path()).unwrap().map(Result::unwrap) {
            found.insert(format!("{name}/{}", file.file_name().into_string().unwrap()));
        }
    }
    assert_eq!(found, known);
}

#[test]
fn an_event_of_a_newer_release_asks_for_an_upgrade() {
    let (name, _) = &samples()[0];
    let newer = SCHEMA_VERSION + 1;
    let bytes = String::from_utf8(golden_bytes(name, SCHEMA_VERSION)).unwrap();
    let bytes = bytes.replace(&format!(r#""schemaVersion":{SCHEMA_VERSION}"#), &format!(r#""schemaVersion":{newer}"#));

    let error = read(bytes.as_bytes()).unwrap_err();
    assert!(matches!(error, DecodeError::Newer(version) if version == newer), "{error:?}");
    assert!(error.to_string().contains("upgrade open-chat"), "{error}");
}

#[test]
fn an_unknown_event_type_is_malformed() {
    let (name, _) = &samples()[0];
    let bytes = String::from_utf8(golden_bytes(name, SCHEMA_VERSION)).unwrap().replace(name, "UserWhistled");

    let error = read(bytes.as_bytes()).unwrap_err();
    assert!(matches!(error, DecodeError::Malformed(_)), "{error:?}");
}
