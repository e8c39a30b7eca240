//! `/metrics` for Prometheus, on a listener of its own: what the process counted, and how it is at the moment of the question.
//!
//! Architecture invariant: a label's values are few and known, whatever clients send; no label and no value is made of a message, a session
//! id or a key.

mod counted;
mod now;
mod server;

pub(crate) use self::counted::{Limited, count_limited, count_request};
pub(crate) use self::server::{bind, serve};

/// Makes every name of the process show, with zeros for what has not happened yet.
fn register() {
    chat_actors::register_metrics();
    counted::register();
}
