//! The operators' dashboard: who may use it, and its files.
//!
//! A session is a cookie that only this deployment can make or read, so that any replica takes it without asking another. What
//! cannot be in the cookie, that it was signed out, is an event of the operators' stream, which every replica follows. Why so:
//! `docs/decisions/0009-sessions-are-sealed-cookies.md`.

mod cookie;
mod files;
mod forgery;
mod preview;
mod secret;
mod sessions;
mod signed_out;

pub(crate) use self::cookie::Session;
pub(crate) use self::files::{Files, root, serve};
pub(crate) use self::forgery::is_forged;
pub(crate) use self::preview::preview;
pub(crate) use self::secret::session_secrets;
pub(crate) use self::sessions::{Sessions, follow_sign_outs};
