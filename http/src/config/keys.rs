//! The keys and passwords callers prove themselves with.

use secrecy::{ExposeSecret, SecretString};

use super::reader::{Reader, list};
use super::server::Mode;

const DEVELOPMENT_WIDGET_KEY: &str = "change-me-widget-key";
const DEVELOPMENT_ADMIN_KEY: &str = "change-me-admin-api-key";
const DEVELOPMENT_PASSWORD: &str = "change-me-admin-password";

/// Fewest characters of a key in production.
const MIN_KEY: usize = 24;
/// Fewest characters of the dashboard's password in production.
const MIN_PASSWORD: usize = 12;
/// Fewest characters of a session secret.
const MIN_SESSION_SECRET: usize = 32;

/// What callers prove themselves with.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    /// `WIDGET_API_KEY`: of the chat routes, newest first; every one of them counts.
    pub(crate) widget: Vec<SecretString>,
    /// `ADMIN_API_KEY`: of the admin routes, newest first; without any they answer key callers with 503.
    pub(crate) admin: Vec<SecretString>,
    /// `DASHBOARD_PASSWORD`: without it the dashboard is off.
    pub(crate) dashboard_password: Option<SecretString>,
    /// `SESSION_SECRET`: keys of the dashboard's cookies, newest first; empty when not given.
    pub(crate) session_secrets: Vec<SecretString>,
}

impl Keys {
    pub(super) fn read(reader: &mut Reader<'_>, mode: Mode) -> Self {
        let strict = mode.is_production();
        let development = |key: &'static str| (!strict).then_some(key);
        let widget = keys(reader.secret("WIDGET_API_KEY", development(DEVELOPMENT_WIDGET_KEY)));
        let admin = keys(reader.secret("ADMIN_API_KEY", development(DEVELOPMENT_ADMIN_KEY)));
        let password = reader.secret("DASHBOARD_PASSWORD", development(DEVELOPMENT_PASSWORD));
        if strict {
            if widget.is_empty() {
                reader.missing("WIDGET_API_KEY", &format!("production needs {}", accepted_key()));
            }
            for (name, keys) in [("WIDGET_API_KEY", &widget), ("ADMIN_API_KEY", &admin)] {
                keys.iter().for_each(|key| check_key(reader, name, key));
            }
        }
        Self {
            widget,
            admin,
            dashboard_password: if strict { good_password(reader, password) } else { password },
            session_secrets: session_secrets(reader),
        }
    }
}

impl Keys {
    /// The widget's key as script tags are to have it.
    pub(crate) fn newest_widget(&self) -> &str {
        self.widget.first().map_or("", ExposeSecret::expose_secret)
    }
}

/// A comma list, so that a key may be changed while the old one still counts. Without a comma it is one key, blanks included.
fn keys(given: Option<SecretString>) -> Vec<SecretString> {
    let Some(given) = given else { return Vec::new() };
    let keys: Vec<SecretString> = list(given.expose_secret()).map(SecretString::from).collect();
    if keys.len() > 1 { keys } else { vec![given] }
}

fn accepted_key() -> String {
    format!("a key of at least {MIN_KEY} characters, for example from `openssl rand -hex 24`")
}

fn check_key(reader: &mut Reader<'_>, name: &str, key: &SecretString) {
    if is_placeholder(key) {
        reader
            .problem(name, &format!("is a change-me value that everybody knows; production needs {}", accepted_key()));
    } else if length(key) < MIN_KEY {
        reader.problem(name, &format!("is too short; production needs {}", accepted_key()));
    } else if !key.expose_secret().bytes().all(|byte| byte.is_ascii_graphic()) {
        reader
            .problem(name, &format!("has blanks or letters no header can carry; production needs {}", accepted_key()));
    }
}

/// A bad password turns the dashboard off and lets chat go on.
fn good_password(reader: &mut Reader<'_>, password: Option<SecretString>) -> Option<SecretString> {
    let fault = match &password {
        None => "not set",
        Some(password) if is_placeholder(password) => "a change-me value that everybody knows",
        Some(password) if length(password) < MIN_PASSWORD => "too short",
        Some(_) => return password,
    };
    reader.warn(format!(
        "The dashboard is off: DASHBOARD_PASSWORD is {fault}; production needs at least {MIN_PASSWORD} characters."
    ));
    None
}

fn session_secrets(reader: &mut Reader<'_>) -> Vec<SecretString> {
    let Some(given) = reader.secret("SESSION_SECRET", None) else { return Vec::new() };
    let secrets: Vec<SecretString> = list(given.expose_secret()).map(SecretString::from).collect();
    if secrets.is_empty() || secrets.iter().any(|secret| length(secret) < MIN_SESSION_SECRET) {
        let accepted =
            format!("a comma list of secrets of at least {MIN_SESSION_SECRET} characters each, newest first");
        reader.problem("SESSION_SECRET", &format!("has an entry that is too short; give {accepted}"));
    }
    secrets
}

fn is_placeholder(secret: &SecretString) -> bool {
    secret.expose_secret().to_ascii_lowercase().starts_with("change-me")
}

fn length(secret: &SecretString) -> usize {
    secret.expose_secret().chars().count()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use crate::config::tests::{load, problems, production};

    const ACCEPTED: &str = "production needs a key of at least 24 characters, for example from `openssl rand -hex 24`";

    #[test]
    fn development_has_keys_that_everybody_knows_and_takes_any_other() {
        let keys = load(&[]).keys;
        assert_eq!(keys.newest_widget(), "change-me-widget-key");
        assert_eq!(keys.admin[0].expose_secret(), "change-me-admin-api-key");
        assert_eq!(keys.dashboard_password.unwrap().expose_secret(), "change-me-admin-password");
        assert!(keys.session_secrets.is_empty());
        assert_eq!(load(&[("WIDGET_API_KEY", " w")]).keys.newest_widget(), " w");
    }

    #[test]
    fn production_needs_a_widget_key_of_its_own() {
        assert_eq!(problems(&production(&[("WIDGET_API_KEY", "")])), [format!("WIDGET_API_KEY: is empty; {ACCEPTED}")]);
    }

    #[test]
    fn production_refuses_keys_that_are_short_or_known() {
        for name in ["WIDGET_API_KEY", "ADMIN_API_KEY"] {
            assert_eq!(
                problems(&production(&[(name, "only-twenty-three-chars")])),
                [format!("{name}: is too short; {ACCEPTED} (from environment)")]
            );
            assert_eq!(
                problems(&production(&[(name, "Change-Me-but-long-enough-otherwise")])),
                [format!("{name}: is a change-me value that everybody knows; {ACCEPTED} (from environment)")]
            );
        }
    }

    #[test]
    fn production_goes_on_without_an_admin_key() {
        assert!(load(&production(&[("ADMIN_API_KEY", "")])).keys.admin.is_empty());
        let keys = load(&production(&[("ADMIN_API_KEY", "admin-key-of-24-letters!\n")])).keys;
        assert_eq!(keys.admin[0].expose_secret(), "admin-key-of-24-letters!");
    }

    #[test]
    fn keys_are_lists_newest_first_of_which_every_one_is_checked() {
        let keys =
            load(&production(&[("WIDGET_API_KEY", "the-new-key-of-24-letters, the-old-key-of-24-letters")])).keys;
        assert_eq!((keys.newest_widget(), keys.widget.len()), ("the-new-key-of-24-letters", 2));
        assert_eq!(
            problems(&production(&[("ADMIN_API_KEY", "the-new-key-of-24-letters,old")])),
            [format!("ADMIN_API_KEY: is too short; {ACCEPTED} (from environment)")]
        );
    }

    #[test]
    fn a_bad_password_in_production_turns_the_dashboard_off_and_nothing_else() {
        for (password, fault) in [
            ("", "not set"),
            ("eleven-char", "too short"),
            ("change-me-admin-password", "a change-me value that everybody knows"),
        ] {
            let config = load(&production(&[("DASHBOARD_PASSWORD", password)]));
            assert!(config.keys.dashboard_password.is_none());
            assert_eq!(
                config.warnings,
                [format!(
                    "The dashboard is off: DASHBOARD_PASSWORD is {fault}; production needs at least 12 characters."
                )]
            );
        }
        let password = load(&production(&[("DASHBOARD_PASSWORD", " twelve chars\n")])).keys.dashboard_password;
        assert_eq!(password.unwrap().expose_secret(), " twelve chars");
    }

    #[test]
    fn session_secrets_are_a_list_newest_first() {
        let (new, old) = ("n".repeat(32), "o".repeat(32));
        let secrets = load(&[("SESSION_SECRET", &format!("{new}, {old}"))]).keys.session_secrets;
        assert_eq!(secrets.iter().map(|secret| secret.expose_secret()).collect::<Vec<_>>(), [&new, &old]);
        for bad in [&format!("{new},short"), ","] {
            assert_eq!(
                problems(&[("SESSION_SECRET", bad)]),
                ["SESSION_SECRET: has an entry that is too short; give a comma list of secrets of at least 32 \
                    characters each, newest first (from environment)"]
            );
        }
    }
}
