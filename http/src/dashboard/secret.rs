//! Where the key of the cookies comes from.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use actix_web::cookie::Key;
use anyhow::{Context, ensure};
use secrecy::{ExposeSecret, SecretString};

use crate::config::{Config, EventLogAddress};

/// In the directory of the embedded log.
const FILE: &str = "session-secret";

/// The secrets of the configuration, or one that is made once and kept beside the embedded log. Newest first; empty where
/// replicas could not agree on one.
///
/// # Errors
/// The file cannot be read or written.
pub(crate) fn session_secrets(config: &Config) -> anyhow::Result<Vec<SecretString>> {
    match &config.storage.event_log {
        _ if !config.keys.session_secrets.is_empty() => Ok(config.keys.session_secrets.clone()),
        EventLogAddress::Embedded(directory) => Ok(vec![kept(&directory.join(FILE))?]),
        // Shared: others cannot know what is kept here.
        _ => Ok(Vec::new()),
    }
}

fn kept(file: &Path) -> anyhow::Result<SecretString> {
    let named = || format!("the key of the dashboard's sessions, {}", file.display());
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    match made {
        Ok(mut made) => {
            let secret: String = Key::generate().master().iter().map(|byte| format!("{byte:02x}")).collect();
            made.write_all(secret.as_bytes()).and_then(|()| made.sync_all()).with_context(named)?;
            Ok(secret.into())
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let secret = SecretString::from(fs::read_to_string(file).with_context(named)?);
            // Cut off by a crash while it was made.
            ensure!(
                secret.expose_secret().len() >= 64,
                "{} is too short: delete it, a new one will be made",
                file.display()
            );
            Ok(secret)
        }
        Err(error) => Err(error).with_context(named),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_is_made_once_and_only_its_owner_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        let made = kept(&file).unwrap();
        assert_eq!(made.expose_secret().len(), 128);
        assert_eq!(kept(&file).unwrap().expose_secret(), made.expose_secret());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_secret_that_was_cut_off_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        fs::write(&file, "abc").unwrap();
        assert!(kept(&file).unwrap_err().to_string().ends_with("is too short: delete it, a new one will be made"));
    }
}
