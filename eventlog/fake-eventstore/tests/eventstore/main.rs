//! The log on EventStoreDB: the suite that every backend passes, and what only this one has to stand. No real server can be had where
//! these tests are written: they run against the fake of this package, and the suite also against the server that
//! `EVENTSTORE_TEST_URL` names.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected should fail")]

mod answers;
mod archive;
mod bus;
mod conformance;
mod connecting;
mod crashing;
mod erasing;
mod leading;
mod resuming;
mod settings;
mod strangers;
