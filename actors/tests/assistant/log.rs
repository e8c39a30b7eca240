//! What the operator's log says of a failure, and what it never says.

use std::cell::RefCell;
use std::fmt::{Debug, Write};
use std::sync::Once;

use chat_actors::assistant::{Assistant, OpenAiSettings};
use chat_schema::Role;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::asking::{build, said, settings, whole};
use crate::scripted_upstream::{Script, ScriptedUpstream};

thread_local! {
    /// What every library logged on this thread, which is one test's, once the test wants to know.
    static LOG: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Has to come before anything is logged in this process: a place in the code that logged to nobody may stay silent for ever.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(ThreadLog).unwrap());
}

struct ThreadLog;

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

fn keep(write: impl FnOnce(&mut String)) {
    LOG.with_borrow_mut(|log| log.as_mut().map(write));
}

impl Subscriber for ThreadLog {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        keep(|log| span.record(&mut Fields(log)));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        keep(|log| values.record(&mut Fields(log)));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        keep(|log| {
            write!(log, "\n{}", event.metadata().level()).unwrap();
            event.record(&mut Fields(log));
        });
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The log of one answer that fails; what must not be in it is in no log.
async fn logged(script: Script) -> String {
    logged_of([script]).await
}

/// That of an answer for which the upstream is asked more than once.
async fn logged_of(scripts: impl IntoIterator<Item = Script>) -> String {
    let upstream = ScriptedUpstream::start().await;
    scripts.into_iter().for_each(|script| upstream.push(script));
    let settings = OpenAiSettings { api_key: Some("sk-secret".into()), ..settings(upstream.base_url()) };
    LOG.set(Some(String::new()));
    whole(build(settings).answer(vec![said(Role::User, "private question")])).await.unwrap_err();
    let log = LOG.take().unwrap();
    for hidden in ["sk-secret", "private", "upstream says"] {
        assert!(!log.contains(hidden), "{hidden} in {log}");
    }
    assert_eq!(log.matches("WARN").count(), 1, "{log}");
    log
}

#[tokio::test]
async fn a_refusal_is_logged_with_its_status_and_the_variable_to_look_at() {
    let body = "upstream says: private question, sk-secret";
    for (status, variable) in [(401, "OPENAI_API_KEY"), (403, "OPENAI_API_KEY"), (404, "OPENAI_MODEL")] {
        let log = logged(Script::refusal(status, &[], body)).await;
        assert!(log.contains(&format!("status={status}")) && log.contains(variable), "{log}");
    }
    let log = logged(Script::refusal(429, &[("retry-after", "17")], body)).await;
    assert!(log.contains("status=429") && log.contains("retry_after_s=17"), "{log}");
    let log = logged(Script::refusal(503, &[("retry-after", "upstream says")], body)).await;
    assert!(log.contains("status=503") && !log.contains("retry_after"), "{log}");
}

#[tokio::test]
async fn a_fault_of_the_stream_is_logged_without_its_text() {
    let json = [("content-type", "application/json")];
    assert!(logged(Script::refusal(200, &json, "upstream says")).await.contains("does not support"));
    for script in [
        Script::stream().data("upstream says").hang(),
        Script::stream().data(r#"{"error":"upstream says"}"#).hang(),
        Script::stream().body(b"data: upstream says \xff\n\n").end(),
        Script::stream().finish("upstream says").end(),
        Script::stream().token("upstream says").close(),
        Script::stream().token("upstream says").end(),
    ] {
        logged(script).await;
    }
    let no_head = || Script::nothing().raw("HTTP/1.1 upstream says\r\n\r\n").close();
    assert!(logged_of([no_head(), no_head()]).await.contains("asking once more"));
}
