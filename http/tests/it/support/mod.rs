//! The server under test, its model, and what tests say to both.

mod assertions;
mod client;
mod collector;
mod metrics;
mod process;
mod reverse_proxy;
mod server;
mod upstream;

#[path = "../../../../actors/tests/support/scripted_upstream/mod.rs"]
#[allow(unused_imports, reason = "shared with the tests of the assistants, which use all of it")]
mod scripted_upstream;

pub use assertions::{assert_error, assert_security_headers, header, valid};
pub use client::{Stream, body_of};
pub use collector::Collector;
pub use process::{Options, Process, model, shared_log};
pub use reverse_proxy::ReverseProxy;
pub(crate) use scripted_upstream::Script;
pub use server::{ADMIN_KEY, Server, WIDGET_KEY};
pub use upstream::Upstream;
