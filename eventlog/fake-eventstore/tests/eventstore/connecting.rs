//! TLS, logins, and what keeps the log from being opened.

use std::sync::Arc;
use std::time::Duration;

use chat_eventlog::conformance::{Author, history, store};
use chat_eventlog::eventstore::{EventStoreLog, Login, OpenError, Settings};
use chat_fake_eventstore::{Database, Node, Options, Tls};

use crate::settings::{address, settings};

const SECRET: &str = "p@ss:w%rd/?";

async fn refusal(settings: Settings) -> OpenError {
    let error = EventStoreLog::open(settings).await.err().expect("the log was opened");
    assert!(!error.to_string().contains(SECRET), "{error}");
    error
}

fn login(password: &str) -> Option<Login> {
    Some(Login { user: "ch@t".into(), password: password.into() })
}

fn with_login(options: Options) -> Node {
    let login = chat_fake_eventstore::Login { user: "ch@t".into(), password: SECRET.into() };
    Node::start(Database::new(), Options { login: Some(login), ..options }).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_login_is_sent_as_it_is_with_every_request() {
    let node = with_login(Options::default());
    let settings = Settings { login: login(SECRET), ..settings(&address(node.port())) };
    assert!(!format!("{settings:?}").contains(SECRET));
    let log = EventStoreLog::open(settings).await.unwrap();
    store(&log, &Author::new().events(2)).await;
    assert_eq!(history(&log).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_login_is_told_at_once() {
    let node = with_login(Options::default());
    let to = settings(&address(node.port()));
    for login in [login("wrong"), None] {
        let error = refusal(Settings { login, ..to.clone() }).await;
        assert!(matches!(error, OpenError::Denied), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_encrypted_and_the_server_s_certificate_is_checked() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let tls = Tls { certificate: made.cert.pem(), key: made.signing_key.serialize_pem() };
    let node = with_login(Options { tls: Some(tls), ..Options::default() });
    let folder = std::env::temp_dir().join(format!("open-chat-ca-{}", node.port()));
    std::fs::write(&folder, made.cert.pem()).unwrap();

    let to = |parameters: &str| Settings {
        address: format!("esdb://127.0.0.1:{}{parameters}", node.port()),
        namespace: String::new(),
        login: login(SECRET),
        patience: Duration::from_secs(2),
    };
    let trusting = EventStoreLog::open(to(&format!("?tlsCaFile={}", folder.display()))).await;
    std::fs::remove_file(&folder).unwrap();
    let log = Arc::new(trusting.unwrap());
    store(&*log, &Author::new().events(1)).await;
    assert_eq!(history(&*log).await.len(), 1);
    EventStoreLog::open(to("?tlsVerifyCert=false")).await.unwrap();
    for not_trusting in ["", "?tls=false"] {
        let error = refusal(to(not_trusting)).await;
        assert!(matches!(error, OpenError::Away { .. }), "{not_trusting}: {error}");
    }
    let error = refusal(to("?tlsCaFile=/nowhere/ca.pem")).await;
    assert!(matches!(error, OpenError::Client(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_too_old_is_refused() {
    let node = Node::start(Database::new(), Options { release: "21.10.2".into(), ..Options::default() }).unwrap();
    let error = refusal(settings(&address(node.port()))).await;
    assert_eq!(
        error.to_string(),
        "the server is of release 21.10, which does not tell where in the log an event stands: use 22.10 or newer"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_late_is_waited_for() {
    let mut node = Node::start(Database::new(), Options::default()).unwrap();
    node.kill();
    let to = settings(&address(node.port()));
    let opening = tokio::spawn(async move { EventStoreLog::open(to).await });
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(!opening.is_finished());
    node.restart().unwrap();
    opening.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_address_and_who_never_comes_are_told() {
    let error = refusal(settings("esdb://a:b:c")).await;
    assert!(matches!(error, OpenError::Address(_)), "{error}");
    let nobody = Settings { patience: Duration::from_secs(1), ..settings("esdb://127.0.0.1:1?tls=false") };
    let error = refusal(nobody).await;
    assert!(
        error.to_string().starts_with("not reached within 0 s")
            || error.to_string().starts_with("not reached within 1 s"),
        "{error}"
    );
}
