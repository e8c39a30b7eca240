//! The cookie of a session: sealed with the library's authenticated encryption (AES-256-GCM, its key derived by HKDF), so that nobody
//! but a holder of `SESSION_SECRET` can make, read or change one.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration as Age;
use actix_web::cookie::{Cookie, CookieJar, Key, SameSite};
use chat_schema::OperatorSessionId;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::clock::now;

/// How long a session lasts.
pub(super) const LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

/// Browsers take a cookie of such a name only over https, of this very host, for all of its paths.
const SECURE_NAME: &str = "__Host-open-chat-session";
const PLAIN_NAME: &str = "open-chat-session";

/// Somebody who signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Session {
    /// Which sign-in this is.
    pub(crate) id: OperatorSessionId,
    /// When it ends by itself, in milliseconds since the Unix epoch.
    pub(crate) expires_at: u64,
}

/// What a cookie carries.
#[derive(Serialize, Deserialize)]
struct Sealed {
    id: OperatorSessionId,
    expires_at: u64,
    /// Of the password that opened it: another password ends it.
    password: [u8; 16],
}

/// Makes cookies and reads them.
pub(super) struct Cookies {
    /// Newest first: the first seals, all open.
    keys: Vec<Key>,
    password: [u8; 16],
    secure: bool,
}

impl Cookies {
    pub(super) fn new(secrets: &[SecretString], password: &SecretString, secure: bool) -> Self {
        let keys = secrets.iter().map(|secret| Key::derive_from(secret.expose_secret().as_bytes())).collect();
        Self { keys, password: fingerprint(password), secure }
    }

    /// A new session and its cookie.
    pub(super) fn make(&self) -> (Session, Cookie<'static>) {
        let expires_at = now() + LIFETIME.as_millis() as u64;
        let session = Session { id: Uuid::new_v4().into(), expires_at };
        let sealed = Sealed { id: session.id, expires_at, password: self.password };
        let text = serde_json::to_string(&sealed).expect("plain fields are always JSON");
        let mut jar = CookieJar::new();
        jar.private_mut(&self.keys[0]).add(Cookie::new(self.name(), text));
        let mut cookie = jar.get(self.name()).expect("it was just added").clone();
        self.dress(&mut cookie, Age::seconds(LIFETIME.as_secs() as i64));
        (session, cookie)
    }

    /// The session of a request, if its cookie is one of ours that still holds.
    pub(super) fn open(&self, request: &HttpRequest) -> Option<Session> {
        let mut jar = CookieJar::new();
        jar.add_original(request.cookie(self.name())?);
        let text = self.keys.iter().find_map(|key| jar.private(key).get(self.name()))?;
        let sealed: Sealed = serde_json::from_str(text.value()).ok()?;
        let holds = sealed.expires_at > now() && bool::from(sealed.password.ct_eq(&self.password));
        holds.then_some(Session { id: sealed.id, expires_at: sealed.expires_at })
    }

    /// Whether a request claims to have a session.
    pub(super) fn is_given(&self, request: &HttpRequest) -> bool {
        request.cookie(self.name()).is_some()
    }

    /// Takes the cookie away from the browser.
    pub(super) fn removal(&self) -> Cookie<'static> {
        let mut cookie = Cookie::new(self.name(), "");
        self.dress(&mut cookie, Age::ZERO);
        cookie
    }

    fn name(&self) -> &'static str {
        if self.secure { SECURE_NAME } else { PLAIN_NAME }
    }

    fn dress(&self, cookie: &mut Cookie<'_>, age: Age) {
        cookie.set_path("/");
        cookie.set_http_only(true);
        cookie.set_same_site(SameSite::Strict);
        cookie.set_secure(self.secure);
        cookie.set_max_age(age);
    }
}

/// Tells one password from another. It is only ever written encrypted.
fn fingerprint(password: &SecretString) -> [u8; 16] {
    let mut first = [0; 16];
    first.copy_from_slice(&Sha256::digest(password.expose_secret().as_bytes())[..16]);
    first
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn cookies(secrets: &[&str], password: &str) -> Cookies {
        let secrets: Vec<_> = secrets.iter().map(|secret| SecretString::from(secret.repeat(32))).collect();
        Cookies::new(&secrets, &password.into(), false)
    }

    fn with(cookie: &Cookie<'static>) -> HttpRequest {
        TestRequest::default().cookie(cookie.clone()).to_http_request()
    }

    #[test]
    fn a_session_is_opened_by_the_secrets_it_may_have_been_made_with_and_no_other() {
        let (session, cookie) = cookies(&["a"], "password").make();
        assert_eq!(cookies(&["a"], "password").open(&with(&cookie)), Some(session));
        assert_eq!(
            cookies(&["b", "a"], "password").open(&with(&cookie)),
            Some(session),
            "a rotated secret still opens"
        );
        assert_eq!(cookies(&["b"], "password").open(&with(&cookie)), None);
    }

    #[test]
    fn another_password_ends_it() {
        let (_, cookie) = cookies(&["a"], "password").make();
        assert_eq!(cookies(&["a"], "passwords").open(&with(&cookie)), None);
    }

    #[test]
    fn no_byte_of_it_can_be_changed() {
        let own = cookies(&["a"], "password");
        let (_, cookie) = own.make();
        for at in 0..cookie.value().len() {
            let mut value = cookie.value().to_owned().into_bytes();
            value[at] = if value[at] == b'A' { b'B' } else { b'A' };
            let forged = Cookie::new(own.name(), String::from_utf8(value).unwrap());
            assert_eq!(own.open(&with(&forged)), None, "byte {at}");
        }
    }

    #[test]
    fn a_session_that_is_over_is_none() {
        let own = cookies(&["a"], "password");
        let sealed = Sealed { id: Uuid::new_v4().into(), expires_at: now() - 1, password: own.password };
        let mut jar = CookieJar::new();
        jar.private_mut(&own.keys[0]).add(Cookie::new(own.name(), serde_json::to_string(&sealed).unwrap()));
        assert_eq!(own.open(&with(jar.get(own.name()).unwrap())), None);
    }

    #[test]
    fn over_https_it_is_bound_to_the_host_and_never_sent_in_the_clear() {
        let secure = Cookies::new(&["a".repeat(32).into()], &"password".into(), true);
        let text = secure.make().1.to_string();
        assert!(text.starts_with("__Host-open-chat-session="), "{text}");
        for part in ["HttpOnly", "SameSite=Strict", "Secure", "Path=/", "Max-Age=43200"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!cookies(&["a"], "password").make().1.to_string().contains("Secure"));
    }
}
