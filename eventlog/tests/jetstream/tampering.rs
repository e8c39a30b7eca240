//! A change of what is stored is found, whichever byte it is.

use std::collections::HashMap;

use async_nats::jetstream::{self, Context};
use chat_eventlog::Position;
use chat_eventlog::conformance::{Author, store};
use chat_eventlog::jetstream::JetStreamArchive;
use chat_schema::SealedEvent;

use crate::looking::{first_faults, with_one_byte_changed};
use crate::nats::{PASSWORD, Server, USER};
use crate::settings::{STREAM, open, settings};

const EVENTS: usize = 3;

/// The message of an append.
fn payload(events: &[SealedEvent]) -> Vec<u8> {
    events.iter().flat_map(|event| [format!("{} ", event.hash).as_bytes(), &event.bytes, b"\n"].concat()).collect()
}

fn subject(author: &Author) -> String {
    format!("{STREAM}.conversation.{}", author.conversation)
}

async fn context(server: &Server) -> Context {
    let options = async_nats::ConnectOptions::with_user_and_password(USER.into(), PASSWORD.into());
    jetstream::new(options.connect(format!("127.0.0.1:{}", server.port())).await.unwrap())
}

/// A conversation for every change: each is in the stream as one who may write to its files would have changed it.
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_byte_of_any_event_is_found_and_that_event_is_named() {
    let server = Server::start();
    let (log, context) = (open(&server.url()).await, context(&server).await);
    let mut whole = Author::new();
    let events = whole.events(EVENTS);
    store(&*log, &events).await;
    let stream = context.get_stream(STREAM).await.unwrap();
    let stored = stream.get_last_raw_message_by_subject(&subject(&whole)).await.unwrap();
    assert_eq!(stored.payload, payload(&events), "the log stores messages of another kind");

    let mut expected = HashMap::new();
    for variant in 0.. {
        let mut author = Author::new();
        let payload = payload(&author.events(EVENTS));
        let Some((index, changed)) = with_one_byte_changed(&payload).nth(variant) else { break };
        let event = payload[..index].iter().filter(|byte| **byte == b'\n').count();
        let acknowledgement = context.publish(subject(&author), changed.into()).await.unwrap().await.unwrap();
        expected
            .insert(Some(author.conversation), (Position::new(acknowledgement.sequence << 8 | event as u64), index));
    }
    assert!(expected.len() > 3000, "{} changes are not all", expected.len());
    let archive = JetStreamArchive::open(settings(&server.url())).await.unwrap();
    let found = first_faults(&archive).await;
    for (conversation, (position, index)) in &expected {
        assert_eq!(found.get(conversation), Some(position), "byte {index}");
    }
    assert_eq!(found.len(), expected.len(), "the one that was not changed is whole");
}
