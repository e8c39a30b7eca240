//! The server under test, and what tests say to it.

mod client;
mod server;

#[path = "../../../../actors/tests/support/scripted_upstream.rs"]
mod scripted_upstream;

pub use client::{Line, Stream, body_of, lines_of};
pub use scripted_upstream::*;
pub use server::{ADMIN_KEY, Options, Server, WIDGET_KEY};
