//! Who may be whom to a nats-server: certificates and signed tokens, and the files they are kept in. Needs `base64`, `nkeys`, `rcgen`,
//! `serde_json` and `tempfile`.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use std::fs;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair as Key};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A directory with files, by name.
pub(crate) fn files(contents: &[(&str, String)]) -> (TempDir, Vec<PathBuf>) {
    let dir = TempDir::new().unwrap();
    let paths = contents.iter().map(|(name, text)| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        path
    });
    let paths = paths.collect();
    (dir, paths)
}

/// A signed token of the kind that operators and accounts hand out.
fn jwt(issuer: &KeyPair, subject: &str, nats: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = encode(&json!({"typ": "JWT", "alg": "ed25519-nkey"}));
    let claims =
        json!({"jti": subject, "iat": 1, "iss": issuer.public_key(), "name": "test", "sub": subject, "nats": nats});
    let signed = format!("{header}.{}", encode(&claims));
    let signature = URL_SAFE_NO_PAD.encode(issuer.sign(signed.as_bytes()).unwrap());
    format!("{signed}.{signature}")
}

fn account(operator: &KeyPair, account: &KeyPair, storage: i64) -> String {
    let limits = json!({
        "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1,
        "mem_storage": storage, "disk_storage": storage, "streams": -1, "consumer": -1
    });
    jwt(operator, &account.public_key(), &json!({"limits": limits, "type": "account", "version": 2}))
}

/// Configuration of a server whose operator knows this account, besides that of the system.
pub(crate) fn accounts_with(chat: &KeyPair) -> String {
    let (operator, system) = (KeyPair::new_operator(), KeyPair::new_account());
    let signed = jwt(&operator, &operator.public_key(), &json!({"type": "operator", "version": 2}));
    format!(
        "operator: {signed}\nsystem_account: {}\nresolver: MEMORY\nresolver_preload: {{ {}: {}, {}: {} }}",
        system.public_key(),
        system.public_key(),
        account(&operator, &system, 0),
        chat.public_key(),
        account(&operator, chat, -1),
    )
}

/// The `.creds` file of a user of an account.
pub(crate) fn credentials(account: &KeyPair, user: &KeyPair) -> String {
    let claims = json!({"pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1, "type": "user", "version": 2});
    let jwt = jwt(account, &user.public_key(), &claims);
    let seed = user.seed().unwrap();
    format!(
        "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    )
}

/// An authority, and a certificate for 127.0.0.1 that it signed, with its key.
pub(crate) struct Signed {
    pub(crate) authority: String,
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Signed {
    pub(crate) fn new() -> Self {
        let mut authority = CertificateParams::new([]).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, Key::generate().unwrap()).unwrap();
        let key = Key::generate().unwrap();
        let certificate =
            CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        Self { authority: authority.pem(), certificate: certificate.pem(), key: key.serialize_pem() }
    }
}
