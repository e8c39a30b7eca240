//! Opening: what is waited for, what is refused at once, and what is only warned of.

use std::time::Duration;

use chat_eventlog::EventLog;
use chat_eventlog::conformance::{Author, history, store};
use chat_eventlog::jetstream::{JetStreamLog, OpenError, Settings};
use serde_json::{Value, json};

use crate::nats::{Cluster, OPERATOR, PASSWORD, Proxy, Server, USER};
use crate::settings::{STREAM, open, refusal, settings};
use crate::waiting::PATIENCE;

/// A server without accounts, and with the default sync_interval.
const PLAIN: &str =
    "server_name: $NATS_NAME\nhost: $NATS_HOST\nport: $NATS_PORT\njetstream { store_dir: $NATS_STORE }\n";

fn brief(urls: &str) -> Settings {
    Settings { patience: Duration::from_millis(1500), ..settings(urls) }
}

/// Makes the stream before the log does, as the log would but for `changes`.
fn create(server: &Server, changes: &Value) {
    let mut config = json!({
        "name": "open-chat", "subjects": ["open-chat.conversation.*"], "storage": "file", "retention": "limits",
        "discard": "new", "max_msgs": -1, "max_bytes": -1, "max_age": 0, "max_msgs_per_subject": -1, "max_msg_size": -1,
        "duplicate_window": 120_000_000_000_u64, "num_replicas": 1, "allow_direct": true
    });
    config.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    let answer = server.ask("$JS.API.STREAM.CREATE.open-chat", &config.to_string());
    assert_eq!(answer["error"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_is_created_as_the_deployment_promises() {
    let server = Server::start();
    let log = open(&server.url()).await;
    let info = server.ask("$JS.API.STREAM.INFO.open-chat", "");
    let config = &info["config"];
    for (key, value) in [
        ("subjects", json!(["open-chat.conversation.*"])),
        ("storage", json!("file")),
        ("retention", json!("limits")),
        ("discard", json!("new")),
        ("max_msgs", json!(-1)),
        ("max_bytes", json!(-1)),
        ("max_age", json!(0)),
        ("max_msgs_per_subject", json!(-1)),
        ("max_msg_size", json!(-1)),
        ("duplicate_window", json!(120_000_000_000_u64)),
        ("num_replicas", json!(1)),
        ("allow_direct", json!(true)),
        ("deny_delete", json!(false)),
        ("deny_purge", json!(false)),
    ] {
        assert_eq!(config[key], value, "{key}");
    }
    assert_eq!(log.warnings().len(), 1, "{:?}", log.warnings());
    assert!(log.warnings()[0].contains("one replica"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_keeps_three_replicas_and_several_processes_create_one_stream() {
    let cluster = Cluster::start();
    let urls = cluster.urls();
    let [one, two, three] = &urls;
    let logs = tokio::join!(open(one), open(two), open(three));
    assert_eq!(logs.0.identity(), logs.1.identity());
    assert_eq!(logs.1.identity(), logs.2.identity());
    assert_eq!(cluster.ask("$JS.API.STREAM.INFO.open-chat", "")["config"]["num_replicas"], 3);
    assert_eq!(logs.0.warnings(), &[] as &[String]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_would_break_a_promise_is_refused_with_every_difference_and_left_alone() {
    let server = Server::start_with(PLAIN);
    create(
        &server,
        &json!({
            "subjects": ["open-chat.>"], "storage": "memory", "discard": "old", "max_msgs": 1000, "max_age": 3_600_000_000_000_u64,
            "max_msgs_per_subject": 5, "max_msg_size": 1000, "deny_delete": true, "max_consumers": 3,
            "republish": {"src": ">", "dest": "copy.>"}
        }),
    );
    let before = server.ask("$JS.API.STREAM.INFO.open-chat", "")["config"].clone();
    let error = refusal(settings(&server.url())).await;
    assert!(matches!(error, OpenError::Stream { .. }), "{error}");
    let text = error.to_string();
    for difference in [
        "subjects are [\"open-chat.>\"], needed: open-chat.conversation.*",
        "storage is Memory, needed: file",
        "discard is old",
        "max_age is 3600s, needed: none",
        "max_msgs_per_subject is 5, needed: none",
        "max_msg_size is 1000, needed: none",
        "max_consumers is 3",
        "deny_delete is set",
        "republishes",
        "nats stream edit open-chat",
    ] {
        assert!(text.contains(difference), "{difference}: {text}");
    }
    assert_eq!(server.ask("$JS.API.STREAM.INFO.open-chat", "")["config"], before);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_to_lose_or_change_messages_is_refused() {
    for (changes, difference) in [
        (json!({"retention": "workqueue"}), "retention is WorkQueue"),
        (json!({"retention": "interest"}), "retention is Interest"),
        (json!({"no_ack": true}), "no_ack is set"),
        (json!({"discard": "old", "max_bytes": 1_000_000}), "discard is old"),
        (json!({"sources": [{"name": "other"}]}), "it has sources"),
        (json!({"subjects": [], "mirror": {"name": "other"}}), "it mirrors"),
        (json!({"subject_transform": {"src": "open-chat.conversation.*", "dest": "x.{{wildcard(1)}}"}}), "transforms"),
        (json!({"allow_msg_counter": true, "discard": "old"}), "it counts"),
        (json!({"persist_mode": "async"}), "persist_mode is async"),
    ] {
        let server = Server::start_with(PLAIN);
        create(&server, &changes);
        let error = refusal(settings(&server.url())).await.to_string();
        assert!(error.contains(difference), "{changes}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn harmless_differences_are_warned_of_and_the_log_works() {
    let server = Server::start();
    let changes = json!({"duplicate_window": 60_000_000_000_u64, "allow_direct": false, "max_bytes": 1_000_000_000});
    create(&server, &changes);
    let log = open(&server.url()).await;
    let warnings = log.warnings().join("\n");
    for text in ["duplicate window of 60s", "does not allow direct reads", "limited to 1000000000 bytes", "one replica"]
    {
        assert!(warnings.contains(text), "{text}: {warnings}");
    }
    let mut author = Author::new();
    for _ in 0..30 {
        store(&*log, &author.events(2)).await;
    }
    assert_eq!(log.read(author.conversation, 0).await.unwrap(), history(&*log).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_interval_that_cannot_be_read_or_is_not_always_is_warned_of() {
    let log = open(&Server::start_with(PLAIN).url()).await;
    let warnings = log.warnings().join("\n");
    assert!(warnings.contains("could not be read") && warnings.contains("sync_interval: always"), "{warnings}");

    let lax = format!(
        "{PLAIN}
        accounts {{
          SYS {{ users: [{{user: {OPERATOR}, password: x}}]
                 exports: [{{service: \"$SYS.REQ.SERVER.PING.JSZ\", response: stream}}] }}
          APP {{ jetstream: enabled, users: [{{user: {USER}, password: {PASSWORD}}}, {{user: probe, password: x}}]
                 imports: [{{service: {{account: SYS, subject: \"$SYS.REQ.SERVER.PING.JSZ\"}}}}] }}
        }}
        system_account: SYS
        no_auth_user: probe"
    );
    let server = Server::start_with(&lax);
    let log = open(&format!("nats://{USER}:{PASSWORD}@127.0.0.1:{}", server.port())).await;
    let warnings = log.warnings().join("\n");
    assert!(
        warnings.contains("Server own syncs every 120s") && warnings.contains("sync_interval: always"),
        "{warnings}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_login_is_refused_at_once_and_not_shown() {
    let server = Server::start();
    for url in [
        format!("nats://{USER}:s3cret@127.0.0.1:{}", server.port()),
        format!("nats://s3cret@127.0.0.1:{}", server.port()),
        format!("nats://127.0.0.1:{}", server.port()),
    ] {
        let error = refusal(settings(&url)).await;
        assert!(matches!(error, OpenError::Login(_)), "{error}");
        let shown = format!("{error} {error:?} {:?}", settings(&url));
        assert!(shown.contains("check user and password") && !shown.contains("s3cret"), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_the_permissions_is_told_which_one_is_missing() {
    let text = format!(
        "{PLAIN}
        authorization {{
          users: [
            {{ user: a, password: b, permissions: {{ publish: [\"$JS.API.STREAM.INFO.open-chat\"] }} }}
            {{ user: probe, password: x }}
          ]
        }}
        no_auth_user: probe"
    );
    let server = Server::start_with(&text);
    let error = refusal(settings(&format!("nats://a:b@127.0.0.1:{}", server.port()))).await;
    assert!(matches!(error, OpenError::Forbidden(_)), "{error}");
    assert!(error.to_string().contains("$JS.API.STREAM.CREATE.open-chat"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_jetstream_is_refused_with_the_remedy() {
    let server = Server::start_with("server_name: $NATS_NAME\nhost: $NATS_HOST\nport: $NATS_PORT\n");
    let error = refusal(settings(&server.url())).await;
    assert!(matches!(error, OpenError::NoJetStream(_)), "{error}");
    assert!(error.to_string().contains("`jetstream` block"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_are_not_there_are_waited_for_as_long_as_patience_lasts() {
    let mut server = Server::start();
    server.stop();
    let error = refusal(brief(&server.url())).await;
    assert!(matches!(error, OpenError::Away { .. }), "{error}");
    assert!(error.to_string().contains("start the servers") && !error.to_string().contains(PASSWORD), "{error}");

    let opening = tokio::spawn(JetStreamLog::open(settings(&server.url())));
    tokio::task::yield_now().await;
    server.restart();
    let log = opening.await.unwrap().unwrap();
    assert!(log.is_available());
    store(&log, &Author::new().events(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_accepts_and_says_nothing_is_waited_for_as_well() {
    let server = Server::start();
    server.pause();
    let error = refusal(brief(&server.url())).await;
    assert!(matches!(error, OpenError::Away { .. }), "{error}");
    server.resume();
    open(&server.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_without_a_majority_is_waited_for() {
    let mut cluster = Cluster::start();
    let urls = cluster.url();
    drop(open(&urls).await);
    // Or the nodes die over a stream that only some of them have.
    cluster.until_current(STREAM);
    cluster.kill(1);
    cluster.kill(2);
    let error = async {
        loop {
            // Until the node that is left has missed the others.
            if let Err(error) = JetStreamLog::open(brief(&urls)).await {
                return error;
            }
        }
    };
    let error = tokio::time::timeout(PATIENCE, error).await.expect("a minority serves the log");
    assert!(matches!(error, OpenError::Away { .. }), "{error}");

    let opening = tokio::spawn(JetStreamLog::open(settings(&urls)));
    tokio::task::yield_now().await;
    cluster.restart(1);
    let log = opening.await.unwrap().unwrap();
    store(&log, &Author::new().events(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_an_address_a_name_or_a_file_is_refused_before_anything_is_sent() {
    let server = Server::start();
    let proxy = Proxy::start(server.port());
    let good = || settings(&proxy.url());
    let error = refusal(Settings { stream: "open.chat".into(), ..good() }).await;
    assert!(matches!(error, OpenError::Name(_)), "{error}");
    let error = refusal(settings("http://chat:s3cret@host")).await;
    assert!(matches!(error, OpenError::Address(1)) && !error.to_string().contains("s3cret"), "{error}");
    let missing = || Some("/nowhere/file".into());
    for settings in [
        Settings { credentials: missing(), ..good() },
        Settings { nkey_seed: missing(), ..good() },
        Settings { ca: missing(), ..good() },
        Settings { client_certificate: missing().zip(missing()), ..good() },
    ] {
        let error = refusal(settings).await;
        assert!(matches!(error, OpenError::File { .. }) && error.to_string().contains("/nowhere/file"), "{error}");
    }
    assert_eq!(proxy.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_event_is_what_the_server_takes_less_what_goes_with_it() {
    let server = Server::start();
    let log = open(&server.url()).await;
    let most = log.max_event_bytes();
    assert!(most > 8_000_000 && most < 8 << 20, "{most}");
    let mut author = Author::new();
    let overhead = author.clone().event_of_size(0).bytes.len();
    let event = author.event_of_size(most - overhead);
    assert_eq!(event.bytes.len(), most);
    store(&*log, &[event]).await;
    let too_long = author.event_of_size(most);
    let outcome = log.append(author.conversation, 1, &[too_long]).await;
    assert_eq!(outcome, chat_eventlog::Append::Unavailable);
    assert!(log.is_available(), "one that is too long says nothing against the log");
    assert_eq!(log.read(author.conversation, 0).await.unwrap().len(), 1);
}
