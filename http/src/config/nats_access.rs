//! Who open-chat is to JetStream's servers, and whose certificates count: the `NATS_*` variables.
//!
//! Files are looked into at once, so that a wrong one is found at start and by its variable's name.

use std::fs;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use super::nats_address::NatsAddress;
use super::place::Login;
use super::reader::Reader;

const USER: &str = "NATS_USER";
const PASSWORD: &str = "NATS_PASSWORD";
const CREDENTIALS_FILE: &str = "NATS_CREDENTIALS_FILE";
const NKEY_FILE: &str = "NATS_NKEY_FILE";
const CA_FILE: &str = "NATS_CA_FILE";
const CERT_FILE: &str = "NATS_CERT_FILE";
const KEY_FILE: &str = "NATS_KEY_FILE";
const FILES: [&str; 5] = [CREDENTIALS_FILE, NKEY_FILE, CA_FILE, CERT_FILE, KEY_FILE];

/// How one proves oneself.
#[derive(Debug, Clone)]
pub(crate) enum Identity {
    /// `EVENT_LOG`, or `NATS_USER` and `NATS_PASSWORD`.
    Login(Login),
    /// `NATS_CREDENTIALS_FILE`: a file with a user's JWT and the seed of its NKey.
    CredentialsFile(PathBuf),
    /// `NATS_NKEY_FILE`: a file with the seed of a user's NKey.
    NkeyFile(PathBuf),
}

/// What the servers want to know, and what is known of them. Relative paths are relative to the working directory.
#[derive(Debug, Clone, Default)]
pub(crate) struct NatsAccess {
    /// One at most.
    pub(crate) identity: Option<Identity>,
    /// `NATS_CA_FILE`: certificates of the authorities to believe, a PEM file.
    pub(crate) ca: Option<PathBuf>,
    /// `NATS_CERT_FILE` and `NATS_KEY_FILE`: the client's certificate and its key, PEM files.
    pub(crate) client_certificate: Option<(PathBuf, PathBuf)>,
}

impl NatsAccess {
    /// For the servers of `address`.
    pub(super) fn read(reader: &mut Reader<'_>, address: &NatsAddress) -> Self {
        let password = show(reader);
        Self {
            identity: identity(reader, address, password),
            ca: file(reader, CA_FILE, CERTIFICATE),
            client_certificate: client_certificate(reader),
        }
    }

    /// The servers' addresses with the login in them, for the client and for nobody's eyes.
    pub(crate) fn servers(&self, address: &NatsAddress) -> Vec<String> {
        match &self.identity {
            Some(Identity::Login(login)) => address.urls(Some(login)).collect(),
            _ => address.urls(None).collect(),
        }
    }

    /// For a log that has no servers.
    pub(super) fn unused(reader: &mut Reader<'_>) -> Self {
        let password = show(reader);
        let mut given: Vec<&str> = [USER].into_iter().chain(FILES).filter(|name| reader.text(name).is_some()).collect();
        given.extend(password.map(|_| PASSWORD));
        for name in given {
            reader.warn(format!("{name} has no effect: EVENT_LOG is not a nats:// address."));
        }
        Self::default()
    }
}

/// Remembers all of them as they are; the answer is the one that is not for reading.
fn show(reader: &mut Reader<'_>) -> Option<SecretString> {
    for name in [USER].into_iter().chain(FILES) {
        let given = reader.text(name).unwrap_or_default();
        reader.show(name, given);
    }
    reader.secret(PASSWORD, None)
}

/// Whoever gives two identities would not know which one counts.
fn identity(reader: &mut Reader<'_>, address: &NatsAddress, password: Option<SecretString>) -> Option<Identity> {
    let user = reader.text(USER).map(str::to_owned);
    let given: Vec<&str> = [
        (address.login.is_some(), "EVENT_LOG"),
        (user.is_some() || password.is_some(), USER),
        (reader.text(CREDENTIALS_FILE).is_some(), CREDENTIALS_FILE),
        (reader.text(NKEY_FILE).is_some(), NKEY_FILE),
    ]
    .into_iter()
    .filter_map(|(given, name)| given.then_some(name))
    .collect();
    if let [_, second, ..] = given[..] {
        reader.problem(second, &format!("contradicts {}, which says who logs in too; give one of them", given[0]));
        return None;
    }
    match (user, password) {
        (Some(user), Some(password)) => return Some(Identity::Login(Login { user, password })),
        (Some(_), None) => reader.missing(PASSWORD, "NATS_USER needs it"),
        (None, Some(_)) => reader.missing(USER, "NATS_PASSWORD needs it"),
        (None, None) => {}
    }
    let login = address.login.clone().map(Identity::Login);
    let credentials = || file(reader, CREDENTIALS_FILE, CREDENTIALS).map(Identity::CredentialsFile);
    let login = login.or_else(credentials);
    login.or_else(|| file(reader, NKEY_FILE, NKEY_SEED).map(Identity::NkeyFile))
}

fn client_certificate(reader: &mut Reader<'_>) -> Option<(PathBuf, PathBuf)> {
    match (reader.text(CERT_FILE), reader.text(KEY_FILE)) {
        (Some(_), None) => reader.missing(KEY_FILE, "NATS_CERT_FILE needs it"),
        (None, Some(_)) => reader.missing(CERT_FILE, "NATS_KEY_FILE needs it"),
        _ => {}
    }
    let (certificate, key) = (file(reader, CERT_FILE, CERTIFICATE), file(reader, KEY_FILE, PRIVATE_KEY));
    certificate.zip(key)
}

/// What a file must hold.
#[derive(Clone, Copy)]
struct Content {
    is_in: fn(&str) -> bool,
    otherwise: &'static str,
}

const CREDENTIALS: Content = Content {
    is_in: |text| text.contains("-----BEGIN NATS USER JWT-----") && text.contains("-----BEGIN USER NKEY SEED-----"),
    otherwise: "is no credentials file; give one with a user's JWT and NKey seed, as `nsc generate creds` makes it",
};
const NKEY_SEED: Content = Content {
    is_in: |text| text.starts_with("SU") && text.split_whitespace().count() == 1,
    otherwise: "holds more or less than the seed of a user's NKey; give a file as `nk -gen user` makes it: SU and letters",
};
const CERTIFICATE: Content = Content {
    is_in: |text| text.contains("-----BEGIN CERTIFICATE-----"),
    otherwise: "has no certificate; give a PEM file with a line -----BEGIN CERTIFICATE-----",
};
const PRIVATE_KEY: Content = Content {
    is_in: |text| text.contains("PRIVATE KEY-----"),
    otherwise: "has no private key; give a PEM file with a line -----BEGIN PRIVATE KEY-----",
};

/// The file that a variable names, once it was seen to hold what it must. Nothing of it is ever shown.
fn file(reader: &mut Reader<'_>, name: &str, content: Content) -> Option<PathBuf> {
    reader.parsed(name, |path| {
        let text = fs::read_to_string(path)
            .map(SecretString::from)
            .map_err(|error| format!("cannot be read ({error}); give a file that this user may read"))?;
        if (content.is_in)(text.expose_secret()) { Ok(path.into()) } else { Err(content.otherwise.to_owned()) }
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::EventLogAddress;
    use crate::config::tests::{load, problems};

    const EVENT_LOG: (&str, &str) = ("EVENT_LOG", "nats://nats");
    const JWT: &str = "-----BEGIN NATS USER JWT-----\njwt\n------END NATS USER JWT------\n";
    const SEED: &str = "-----BEGIN USER NKEY SEED-----\nSUs3cret\n------END USER NKEY SEED------\n";

    struct Files(tempfile::TempDir);

    impl Files {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn write(&self, name: &str, text: &str) -> String {
            let path = self.0.path().join(name);
            fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        }
    }

    fn access(env: &[(&str, &str)]) -> NatsAccess {
        load(&[&[EVENT_LOG], env].concat()).storage.nats
    }

    fn faults(env: &[(&str, &str)]) -> Vec<String> {
        problems(&[&[EVENT_LOG], env].concat())
    }

    #[test]
    fn who_logs_in_is_said_by_the_address_or_by_variables() {
        for env in [
            &[("EVENT_LOG", "nats://chat:p%40ss@nats")][..],
            &[EVENT_LOG, ("NATS_USER", "chat"), ("NATS_PASSWORD", "p@ss\n")],
        ] {
            let Some(Identity::Login(login)) = load(env).storage.nats.identity else { panic!("nobody logs in") };
            assert_eq!((login.user.as_str(), login.password.expose_secret()), ("chat", "p@ss"));
        }
        assert!(access(&[]).identity.is_none());
    }

    #[test]
    fn the_login_gets_into_the_addresses_that_the_client_is_given() {
        let env = [("EVENT_LOG", "nats://a,b:1"), ("NATS_USER", "chat"), ("NATS_PASSWORD", "p@ss/w:rd")];
        let storage = load(&env).storage;
        let EventLogAddress::Nats(address) = &storage.event_log else { panic!("{}", storage.event_log) };
        let servers = ["nats://chat:p%40ss%2Fw%3Ard@a:4222", "nats://chat:p%40ss%2Fw%3Ard@b:1"];
        assert_eq!(storage.nats.servers(address), servers);
        let read_back = NatsAddress::parse(&servers.join(",")).unwrap().login.unwrap();
        assert_eq!(read_back.password.expose_secret(), "p@ss/w:rd");
    }

    #[test]
    fn credentials_seeds_and_certificates_are_files() {
        let files = Files::new();
        let creds = files.write("creds", &format!("{JWT}\n{SEED}"));
        let nkey = files.write("nkey", "SUAGC3DR\n");
        let certificate = files.write("cert", "text before\n-----BEGIN CERTIFICATE-----\r\n");
        let key = files.write("key", "-----BEGIN RSA PRIVATE KEY-----\n");
        let by_credentials = access(&[(CREDENTIALS_FILE, &creds)]).identity;
        assert!(matches!(by_credentials, Some(Identity::CredentialsFile(path)) if path == Path::new(&creds)));
        let by_nkey = access(&[(NKEY_FILE, &nkey)]).identity;
        assert!(matches!(by_nkey, Some(Identity::NkeyFile(path)) if path == Path::new(&nkey)));
        let found = access(&[(CA_FILE, &certificate), (CERT_FILE, &certificate), (KEY_FILE, &key)]);
        assert_eq!(found.ca.as_deref(), Some(Path::new(&certificate)));
        assert_eq!(found.client_certificate, Some((certificate.into(), key.into())));
    }

    #[test]
    fn half_of_a_pair_is_a_problem() {
        let files = Files::new();
        let certificate = files.write("cert", "-----BEGIN CERTIFICATE-----\n");
        let key = files.write("key", "-----BEGIN PRIVATE KEY-----\n");
        for (given, problem) in [
            ((USER, "chat"), "NATS_PASSWORD: is not set; NATS_USER needs it"),
            ((PASSWORD, "s3cret"), "NATS_USER: is not set; NATS_PASSWORD needs it"),
            ((CERT_FILE, certificate.as_str()), "NATS_KEY_FILE: is not set; NATS_CERT_FILE needs it"),
            ((KEY_FILE, &key), "NATS_CERT_FILE: is not set; NATS_KEY_FILE needs it"),
        ] {
            assert_eq!(faults(&[given]), [problem]);
        }
    }

    #[test]
    fn two_identities_contradict_each_other() {
        let files = Files::new();
        let (creds, nkey) = (files.write("creds", &format!("{JWT}{SEED}")), files.write("nkey", "SUAGC3DR"));
        let (creds, nkey) = ((CREDENTIALS_FILE, creds.as_str()), (NKEY_FILE, nkey.as_str()));
        let login = [(USER, "chat"), (PASSWORD, "s3cret")];
        let says = |first, second| {
            [format!("{second}: contradicts {first}, which says who logs in too; give one of them (from environment)")]
        };
        let with_login = ("EVENT_LOG", "nats://u:s3cret@nats");
        assert_eq!(problems(&[&[with_login], &login[..]].concat()), says("EVENT_LOG", USER));
        assert_eq!(problems(&[with_login, nkey]), says("EVENT_LOG", NKEY_FILE));
        assert_eq!(faults(&[&login[..], &[creds]].concat()), says(USER, CREDENTIALS_FILE));
        assert_eq!(faults(&[creds, nkey]), says(CREDENTIALS_FILE, NKEY_FILE));
    }

    #[test]
    fn a_file_that_is_missing_or_something_else_is_named_by_its_variable() {
        let files = Files::new();
        let other = files.write("other", &format!("{JWT} s3cret"));
        let folder = files.0.path().to_str().unwrap().to_owned();
        for name in FILES {
            for path in [&other, &folder, "/no/such/file"] {
                let problems = faults(&[(name, path)]);
                let of_file = problems.iter().find(|problem| problem.starts_with(&format!("{name}: ")));
                let of_file = of_file.unwrap_or_else(|| panic!("{name}={path}: {problems:?}"));
                let unreadable = path != other;
                assert_eq!(of_file.contains("cannot be read"), unreadable, "{of_file}");
                assert!(!of_file.contains("s3cret") && !of_file.contains("jwt"), "{of_file}");
            }
        }
    }

    #[test]
    fn with_another_log_they_are_warned_of_and_not_looked_into() {
        let env: Vec<(&str, &str)> =
            FILES.iter().map(|name| (*name, "/no/such/file")).chain([(USER, "u"), (PASSWORD, "s3cret")]).collect();
        let config = load(&env);
        assert_eq!(config.warnings.len(), env.len());
        for name in [USER, PASSWORD, NKEY_FILE] {
            let warning = format!("{name} has no effect: EVENT_LOG is not a nats:// address.");
            assert!(config.warnings.contains(&warning), "{:?}", config.warnings);
        }
        assert!(config.storage.nats.identity.is_none());
    }
}
