//! Every way to log in, and TLS.

use std::path::PathBuf;

use chat_eventlog::conformance::{Author, history, store};
use chat_eventlog::jetstream::{OpenError, Settings};
use nkeys::KeyPair;

use crate::identities::{Signed, accounts_with, credentials, files};
use crate::nats::Server;
use crate::settings::{refusal, settings};

const BASE: &str =
    "server_name: $NATS_NAME\nhost: $NATS_HOST\nport: $NATS_PORT\njetstream { store_dir: $NATS_STORE }\n";

fn at(server: &Server) -> Settings {
    settings(&format!("nats://127.0.0.1:{}", server.port()))
}

/// The log can be opened, written and read.
async fn works(settings: Settings) {
    let log = chat_eventlog::jetstream::JetStreamLog::open(settings).await.unwrap();
    store(&log, &Author::new().events(2)).await;
    assert!(history(&log).await.len() >= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_in_the_address_logs_in() {
    let server = Server::start_closed(&format!("{BASE}authorization {{ token: \"s3cret/@\" }}"));
    works(settings(&format!("nats://s3cret%2F%40@127.0.0.1:{}", server.port()))).await;
    let error = refusal(at(&server)).await;
    assert!(matches!(error, OpenError::Login(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_nkey_logs_in_and_another_one_does_not() {
    let (user, other) = (KeyPair::new_user(), KeyPair::new_user());
    let config = format!("{BASE}authorization {{ users: [{{ nkey: {} }}] }}", user.public_key());
    let server = Server::start_closed(&config);
    let account = KeyPair::new_account().seed().unwrap();
    let (_dir, paths) = files(&[
        ("good", format!("{}\n", user.seed().unwrap())),
        ("other", other.seed().unwrap()),
        ("account", account.clone()),
        ("broken", "SUNOTASEED".into()),
    ]);
    let with = |index: usize| Settings { nkey_seed: Some(paths[index].clone()), ..at(&server) };
    works(with(0)).await;
    let error = refusal(with(1)).await;
    assert!(matches!(error, OpenError::Login(_)), "{error}");
    let error = refusal(with(2)).await;
    assert!(matches!(error, OpenError::File { .. }) && !error.to_string().contains(&account), "{error}");
    let error = refusal(with(3)).await;
    assert!(matches!(error, OpenError::Login(_)) && !error.to_string().contains("SUNOTASEED"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credentials_file_logs_in_and_one_of_another_account_does_not() {
    let (chat, stranger, user) = (KeyPair::new_account(), KeyPair::new_account(), KeyPair::new_user());
    let config = format!("{BASE}{}", accounts_with(&chat));
    let server = Server::start_closed(&config);
    let (_dir, paths) = files(&[
        ("good.creds", credentials(&chat, &user)),
        ("stranger.creds", credentials(&stranger, &user)),
        ("no.creds", "no credentials".into()),
    ]);
    let with = |index: usize| Settings { credentials: Some(paths[index].clone()), ..at(&server) };
    works(with(0)).await;
    let error = refusal(with(1)).await;
    assert!(matches!(error, OpenError::Login(_)), "{error}");
    let error = refusal(with(2)).await;
    assert!(matches!(error, OpenError::File { .. }) && error.to_string().contains("nsc generate creds"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_connects_to_servers_that_the_given_authority_signed_and_to_no_other() {
    let (server_side, other) = (Signed::new(), Signed::new());
    let (_dir, paths) = files(&[
        ("ca.pem", server_side.authority),
        ("cert.pem", server_side.certificate),
        ("key.pem", server_side.key),
        ("other.pem", other.authority),
    ]);
    let config = format!("{BASE}tls {{ cert_file: {:?}, key_file: {:?} }}", paths[1], paths[2]);
    let server = Server::start_closed(&config);
    let with = |scheme: &str, ca: Option<&PathBuf>| Settings {
        ca: ca.cloned(),
        ..settings(&format!("{scheme}://127.0.0.1:{}", server.port()))
    };
    works(with("tls", Some(&paths[0]))).await;
    works(with("nats", Some(&paths[0]))).await;
    for ca in [Some(&paths[3]), None] {
        let error = refusal(with("tls", ca)).await;
        assert!(matches!(error, OpenError::Tls(_)) && error.to_string().contains("check the CA file"), "{error}");
    }
    let error = refusal(with("tls", Some(&paths[2]))).await;
    assert!(matches!(error, OpenError::Tls(_) | OpenError::File { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_connection_is_never_replaced_by_an_open_one() {
    let server = Server::start_closed(BASE);
    let error = refusal(settings(&format!("tls://127.0.0.1:{}", server.port()))).await;
    assert!(matches!(error, OpenError::Tls(_)), "{error}");
    // Nor by one to another server, as those are that the cluster names.
    let mut away = Server::start_closed(BASE);
    away.stop();
    let urls = format!("tls://127.0.0.1:{},nats://127.0.0.1:{}", away.port(), server.port());
    let error = refusal(settings(&urls)).await;
    assert!(matches!(error, OpenError::Tls(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_for_a_client_certificate_gets_it() {
    let (server_side, client) = (Signed::new(), Signed::new());
    let (_dir, paths) = files(&[
        ("ca.pem", server_side.authority),
        ("cert.pem", server_side.certificate),
        ("key.pem", server_side.key),
        ("client-ca.pem", client.authority),
        ("client.pem", client.certificate),
        ("client-key.pem", client.key),
    ]);
    let config = format!(
        "{BASE}tls {{ cert_file: {:?}, key_file: {:?}, ca_file: {:?}, verify: true }}",
        paths[1], paths[2], paths[3]
    );
    let server = Server::start_closed(&config);
    let with = |client_certificate| Settings {
        ca: Some(paths[0].clone()),
        client_certificate,
        ..settings(&format!("tls://127.0.0.1:{}", server.port()))
    };
    works(with(Some((paths[4].clone(), paths[5].clone())))).await;
    let error = refusal(with(None)).await;
    assert!(matches!(error, OpenError::Tls(_)), "{error}");
    assert!(error.to_string().contains("client certificate"), "{error}");
}
