//! The assistants, from outside: an OpenAI-compatible server that sends every byte by script, the limits, and the demo.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

mod answers;
mod asking;
mod connection;
mod demo;
mod failures;
mod limits;
mod log;
mod proxy;
mod requests;
#[path = "../support/scripted_upstream/mod.rs"]
mod scripted_upstream;
mod splits;
