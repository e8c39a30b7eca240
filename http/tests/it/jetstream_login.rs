//! Encrypted connections to the log, and every way to log in there, through the real binary.

use nkeys::KeyPair;

use crate::identities::{Signed, accounts_with, credentials, files};
use crate::jetstream::complaint;
use crate::nats;
use crate::support::{Options, Server};

const BASE: &str =
    "server_name: $NATS_NAME\nhost: $NATS_HOST\nport: $NATS_PORT\njetstream { store_dir: $NATS_STORE }\n";

fn at(scheme: &str, log: &nats::Server) -> Options {
    Options::default().var("EVENT_LOG", format!("{scheme}://127.0.0.1:{}", log.port()))
}

/// A server with these options stores a message, and never shows what is secret.
async fn works(options: Options, secret: &str) {
    let server = Server::start(options);
    assert_eq!(server.say("s", "hi").await.status(), 200);
    assert!(!server.log().contains(secret), "a secret is shown");
}

/// The server refuses to start in one line that holds all of these words. A log that only might come is waited for, and told otherwise.
fn refuses(options: Options, words: &[&str]) {
    let line = complaint(options);
    assert!(line.starts_with("error: EVENT_LOG=") || line.starts_with("error: NATS_"), "{line}");
    assert!(words.iter().all(|word| line.contains(word)) && !line.contains("not reached within"), "{line}");
}

#[tokio::test]
async fn a_log_over_tls_is_believed_if_the_given_authority_signed_it() {
    let (server_side, other) = (Signed::new(), Signed::new());
    let secret = server_side.key.clone();
    let (_dir, paths) = files(&[
        ("ca.pem", server_side.authority),
        ("cert.pem", server_side.certificate),
        ("key.pem", server_side.key),
        ("other.pem", other.authority),
        ("no.pem", "no certificate".into()),
    ]);
    let config = format!("{BASE}tls {{ cert_file: {:?}, key_file: {:?} }}", paths[1], paths[2]);
    let log = nats::Server::start_closed(&config);
    let with = |ca: usize| at("tls", &log).var("NATS_CA_FILE", paths[ca].display());
    works(with(0), &secret).await;
    refuses(with(3), &["TLS fails", "check the CA file"]);
    refuses(at("tls", &log), &["TLS fails", "check the CA file"]);
    refuses(with(4), &["NATS_CA_FILE", "give a PEM file"]);
}

#[tokio::test]
async fn a_log_that_asks_for_a_certificate_gets_the_given_one() {
    let (server_side, client) = (Signed::new(), Signed::new());
    let secret = client.key.clone();
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
    let log = nats::Server::start_closed(&config);
    let without = || at("tls", &log).var("NATS_CA_FILE", paths[0].display());
    works(without().var("NATS_CERT_FILE", paths[4].display()).var("NATS_KEY_FILE", paths[5].display()), &secret).await;
    refuses(without(), &["TLS fails", "client certificate"]);
}

#[tokio::test]
async fn a_credentials_file_logs_in_and_one_of_another_account_is_refused() {
    let (chat, stranger, user) = (KeyPair::new_account(), KeyPair::new_account(), KeyPair::new_user());
    let log = nats::Server::start_closed(&format!("{BASE}{}", accounts_with(&chat)));
    let (_dir, paths) = files(&[
        ("good.creds", credentials(&chat, &user)),
        ("stranger.creds", credentials(&stranger, &user)),
        ("no.creds", "no credentials".into()),
    ]);
    let with = |file: usize| at("nats", &log).var("NATS_CREDENTIALS_FILE", paths[file].display());
    works(with(0), &user.seed().unwrap()).await;
    refuses(with(1), &["refuses the login", "check"]);
    refuses(with(2), &["NATS_CREDENTIALS_FILE", "nsc generate creds"]);
    refuses(at("nats", &log), &["login"]);
}

#[tokio::test]
async fn an_nkey_that_the_log_does_not_know_is_refused() {
    let (user, other) = (KeyPair::new_user(), KeyPair::new_user());
    let users = format!("authorization {{ users: [{{ nkey: {} }}] }}", user.public_key());
    let log = nats::Server::start_closed(&format!("{BASE}{users}"));
    let (_dir, paths) = files(&[("good", user.seed().unwrap()), ("other", other.seed().unwrap())]);
    let with = |file: usize| at("nats", &log).var("NATS_NKEY_FILE", paths[file].display());
    works(with(0), &user.seed().unwrap()).await;
    refuses(with(1), &["refuses the login", "check"]);
}
